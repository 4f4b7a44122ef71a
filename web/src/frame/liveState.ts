/** What the frame says about the connection: nothing watched, live, or lost until `retryAt`. */

import { signal } from "./signal";

export type LiveState =
  | { kind: "idle" }
  | { kind: "live"; running: number }
  | { kind: "lost"; retryAt: number; retry: () => void };

export const liveState = signal<LiveState>({ kind: "idle" });
