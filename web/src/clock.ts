/** One clock for all relative times of a page, so that they change together and cost one timer. */

import { useSyncExternalStore } from "react";

const PERIOD_MS = 5000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;

function watch(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const one of listeners) one();
  }, PERIOD_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** Unix milliseconds, a few seconds old at most. */
export const useNow = (): number => useSyncExternalStore(watch, () => now);
