/** Follows a project, or some runs, with one request a round that brings only what is new. */

import { useEffect, useMemo, useRef } from "react";
import { type LiveAnswer, api } from "../api";
import type { SeriesStore } from "../charts/store";
import { useRounds } from "../frame/rounds";

/**
 * `project` null: the runs of `liveRuns` and no others, whichever projects they are of. While `isReady` is false the list
 * that news would go into is not here. `waitMs` is the pause before the first round.
 */
export type Watch = { isReady?: boolean; waitMs?: number; project: string | null; columns: string[]; liveRuns: () => string[]; runningCount: number; store: Pick<SeriesStore, "watching" | "merge"> };

/** `onNews` takes the rows; the series go to the store by themselves. */
export function useLive({ isReady = true, waitMs = 0, project, columns, liveRuns, runningCount, store }: Watch, onNews: (answer: LiveAnswer) => void): void {
  const cursor = useRef(0);
  const shown = useRef(columns);
  useEffect(() => { shown.current = columns; }, [columns]);
  useRounds({
    about: useMemo(() => (isReady ? { project, store } : null), [isReady, project, store]),
    waitMs,
    running: runningCount,
    ask: async (signal, isFirst) => {
      const { runs, metrics, counts, framing } = store.watching(liveRuns());
      const { x, points, smoothing, band } = framing;
      const range: [number, number] | null = framing.range === null ? null : [framing.range[0], framing.range[1]];
      const since_ms = isFirst ? 0 : cursor.current;
      const asked = { runs: project === null ? liveRuns() : runs, metrics: runs.length === 0 ? [] : metrics, counts, points, x, smoothing, band, range, columns, since_ms };
      const answer = await (project === null ? api.runsLive(asked, { signal }) : api.live(project, asked, { signal }));
      if (signal.aborted) return NOTHING;
      // the list has other columns by now, which these rows lack: the next round brings them again
      if (shown.current !== columns) return { ...NOTHING, isNews: true };
      const started = performance.now();
      cursor.current = answer.cursor_ms;
      store.merge(answer, framing);
      onNews(answer);
      return { isNews: answer.changed.length > 0, costMs: performance.now() - started };
    },
  });
}

const NOTHING = { isNews: false, costMs: 0 };
