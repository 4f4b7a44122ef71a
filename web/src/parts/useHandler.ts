/** A function that stays the same object while it does what the newest render says: for children that are memoized. */

import { useCallback, useLayoutEffect, useRef } from "react";

export function useHandler<Arguments extends unknown[]>(handler: (...given: Arguments) => void): (...given: Arguments) => void {
  const latest = useRef(handler);
  useLayoutEffect(() => {
    latest.current = handler;
  });
  return useCallback((...given: Arguments) => { latest.current(...given); }, []);
}
