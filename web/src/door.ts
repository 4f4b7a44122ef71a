/**
 * Whether the server lets this page in. A request that it turns away waits here until somebody has signed in, and is then
 * sent again: the page goes on where it was, and what was typed into it is still there.
 *
 * Where nobody can be asked, in a frame of another page, nothing waits.
 */

import { signal } from "./frame/signal";

export const door = signal<"open" | "closed">("open");

let isKept = false;
const waiting = new Set<() => void>();

/** From now on there is somebody to ask. */
export function keepDoor(): void {
  isKept = true;
}

/** Lets in what waits. */
export function openDoor(): void {
  door.set("open");
  const all = [...waiting];
  waiting.clear();
  for (const enter of all) enter();
}

/** Answers true once somebody has signed in, and false at once where nobody can. Raises when `signal` is aborted first. */
export function waitAtDoor(signal: AbortSignal | null): Promise<boolean> {
  if (!isKept) return Promise.resolve(false);
  door.set("closed");
  return new Promise((resolve, reject) => {
    const enter = () => {
      signal?.removeEventListener("abort", leave);
      resolve(true);
    };
    const leave = () => {
      waiting.delete(enter);
      reject(new DOMException("Nobody waits for this any more.", "AbortError"));
    };
    waiting.add(enter);
    signal?.addEventListener("abort", leave, { once: true });
    if (signal?.aborted === true) leave();
  });
}
