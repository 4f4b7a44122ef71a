/**
 * What stands in a field while one types, and its way to where it is kept: a moment after the last key.
 *
 * The address is too slow to hold each letter. A value that changes from elsewhere (back, forward, "Show all") wins.
 */

import { useEffect, useRef, useState } from "react";
import { useHandler } from "./useHandler";

export function useDraft<T>(value: T, onChange: (value: T) => void, pauseMs: number): [T, (draft: T) => void] {
  const [draft, setDraft] = useState(value);
  const [seen, setSeen] = useState(value);
  const [sent, setSent] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  if (!Object.is(seen, value)) {
    setSeen(value);
    // our own value coming back must not overwrite what was typed since
    if (!Object.is(value, sent)) {
      setDraft(value);
      setSent(value);
    }
  }
  useEffect(() => () => { clearTimeout(timer.current); }, []);
  const change = useHandler((next: T) => {
    setDraft(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setSent(next);
      onChange(next);
    }, pauseMs);
  });
  return [draft, change];
}
