/** The printed lines of a run, fetched in pages of a thousand as they are wanted. */

import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import { type ConsoleFilter, type ConsoleText, api } from "../api";

const PAGE = 1000;
const PERIOD_MS = 2000;

/** All lines, or those of a filter, whose numbers are known in order. */
export type Shown = { kind: "all" } | { kind: "some"; filter: ConsoleFilter; numbers: readonly number[] };

export type ConsoleLines = {
  total: number;
  labels: readonly string[];
  error: unknown;
  at: (number: number) => ConsoleText | undefined;
  /** Fetches what is missing between these places of what is shown. */
  want: (first: number, last: number) => void;
  retry: () => void;
};

export function useConsoleLines(run: string, knownTotal: number, isGrowing: boolean, shown: Shown): ConsoleLines {
  const lines = useRef(new Map<number, ConsoleText>());
  const asked = useRef(new Set<string>());
  const [state, setState] = useState<{ total: number; labels: readonly string[]; error: unknown; round: number }>({ total: knownTotal, labels: [], error: null, round: 0 });
  const total = Math.max(state.total, knownTotal);

  const load = useCallback(
    async (start: number, filter: ConsoleFilter) => {
      const key = `${String(start)} ${filter.stream ?? ""} ${filter.label ?? "all"}`;
      if (asked.current.has(key)) return;
      asked.current.add(key);
      try {
        const answer = await api.console(run, { start, limit: PAGE, ...filter });
        for (const line of answer.lines) lines.current.set(line.number, line);
        setState(({ round }) => ({ total: answer.total, labels: answer.labels, error: null, round: round + 1 }));
      } catch (error) {
        setState((now) => ({ ...now, error }));
      } finally {
        asked.current.delete(key);
      }
    },
    [run],
  );
  const want = (first: number, last: number) => {
    for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page += 1) {
      const numberAt = (place: number) => (shown.kind === "all" ? place : shown.numbers[place]);
      const count = shown.kind === "all" ? total : shown.numbers.length;
      const start = numberAt(page * PAGE);
      const end = numberAt(Math.min(count, (page + 1) * PAGE) - 1);
      if (start === undefined || end === undefined) continue;
      if (!lines.current.has(start) || !lines.current.has(end)) void load(start, shown.kind === "all" ? {} : shown.filter);
    }
  };
  const loadTail = () => { void load(Math.floor(Math.max(0, total - 1) / PAGE) * PAGE, {}); };
  const tail = useEffectEvent(loadTail);
  useEffect(() => {
    if (!isGrowing) return;
    const timer = setInterval(() => { if (!document.hidden) tail(); }, PERIOD_MS);
    return () => { clearInterval(timer); };
  }, [isGrowing]);
  return { total, labels: state.labels, error: state.error, at: useCallback((number: number) => lines.current.get(number), []), want, retry: loadTail };
}
