/** A value that components follow and anything may set: for what belongs to the frame rather than to one page. */

import { useSyncExternalStore } from "react";

export type Signal<T> = { get: () => T; set: (value: T) => void; use: () => T };

export function signal<T>(first: T): Signal<T> {
  let value = first;
  const listeners = new Set<() => void>();
  const get = () => value;
  const watch = (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    get,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    use: () => useSyncExternalStore(watch, get),
  };
}
