/** The printed lines of a run, fetched in pages of a thousand as they are wanted. */

import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import { type ConsoleText, api } from "../api";

const PAGE = 1000;
const PERIOD_MS = 2000;

export type ConsoleLines = {
  total: number;
  fetched: number;
  error: unknown;
  at: (number: number) => ConsoleText | undefined;
  want: (first: number, last: number) => void;
  wantAll: () => void;
  retry: () => void;
};

export function useConsoleLines(run: string, knownTotal: number, isGrowing: boolean): ConsoleLines {
  const lines = useRef(new Map<number, ConsoleText>());
  const asked = useRef(new Set<number>());
  const [state, setState] = useState<{ fetched: number; total: number; error: unknown }>({ fetched: 0, total: knownTotal, error: null });
  const total = Math.max(state.total, knownTotal);

  const load = useCallback(
    async (page: number) => {
      if (asked.current.has(page)) return;
      asked.current.add(page);
      try {
        const answer = await api.console(run, page * PAGE, PAGE);
        for (const line of answer.lines) lines.current.set(line.number, line);
        // a page that is not full yet is asked for again
        if (answer.lines.length < PAGE) asked.current.delete(page);
        setState({ fetched: lines.current.size, total: answer.total, error: null });
      } catch (error) {
        asked.current.delete(page);
        setState((now) => ({ ...now, error }));
      }
    },
    [run],
  );
  const want = useCallback(
    (first: number, last: number) => {
      for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page += 1) {
        const isWhole = lines.current.has(page * PAGE) && (lines.current.has((page + 1) * PAGE - 1) || lines.current.has(total - 1));
        if (!isWhole) void load(page);
      }
    },
    [load, total],
  );
  const loadTail = () => { void load(Math.floor(Math.max(0, total - 1) / PAGE)); };
  const tail = useEffectEvent(loadTail);
  useEffect(() => {
    if (!isGrowing) return;
    const timer = setInterval(() => { if (!document.hidden) tail(); }, PERIOD_MS);
    return () => { clearInterval(timer); };
  }, [isGrowing]);
  return {
    total,
    fetched: state.fetched,
    error: state.error,
    at: useCallback((number: number) => lines.current.get(number), []),
    want,
    wantAll: () => {
      // one page after the other: each one that arrives asks for the next
      for (let page = 0; page * PAGE < total; page += 1) {
        if (lines.current.has(page * PAGE)) continue;
        void load(page);
        return;
      }
    },
    retry: loadTail,
  };
}
