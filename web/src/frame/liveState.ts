/** What the frame says about the connection: nothing watched, live, or lost since `since` and tried again at `retryAt`. */

import { signal } from "./signal";

export type LiveState =
  | { kind: "idle" }
  | { kind: "live"; running: number }
  | { kind: "lost"; since: number; retryAt: number; retry: () => void };

export const liveState = signal<LiveState>({ kind: "idle" });
