/**
 * Follows a project with one request every two seconds, while the page can be seen.
 *
 * It slows down step by step to every fifteen seconds while nothing runs or changes, and never takes more than a quarter
 * of the main thread. A lost connection is told to the frame, with growing pauses until it is back; what the page shows
 * stays.
 */

import { useEffect, useEffectEvent, useRef } from "react";
import { type LiveAnswer, api } from "../api";
import type { SeriesStore } from "../charts/store";
import { liveState } from "../frame/liveState";

const PERIOD_MS = 2000;
const QUIET_PERIOD_MS = 15_000;
/** Pauses of at least so many times what the last update cost keep the page three quarters idle. */
const COST_FACTOR = 4;
const LONGEST_PAUSE_MS = 30_000;
/** A request or two may fail while a server is started anew; nobody needs to hear of that. */
const FAILURES_TO_TELL = 3;

export type Watch = { project: string; columns: string[]; liveRuns: () => string[]; runningCount: number; store: SeriesStore };

/** `onNews` takes the rows; the series go to the store by themselves. */
export function useLive(watch: Watch, onNews: (answer: LiveAnswer) => void): void {
  const current = useEffectEvent(() => watch);
  const tell = useEffectEvent(onNews);
  const wake = useRef<() => void>(undefined);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let abort = new AbortController();
    let cursor = 0;
    let failures = 0;
    let lostAt = 0;
    let quietRounds = 0;
    let isClosed = false;

    const later = (pause: number) => {
      clearTimeout(timer);
      if (!isClosed && !document.hidden) timer = setTimeout(() => void ask(), pause);
    };
    const ask = async () => {
      abort = new AbortController();
      const { project, columns, liveRuns, store } = current();
      const { runs, metrics, counts, framing } = store.watching(liveRuns());
      const { x, points, smoothing, band } = framing;
      const range: [number, number] | null = framing.range === null ? null : [framing.range[0], framing.range[1]];
      try {
        const answer = await api.live(
          project,
          { runs, metrics: runs.length === 0 ? [] : metrics, counts, points, x, smoothing, band, range, columns, since_ms: cursor },
          { signal: abort.signal },
        );
        if (isClosed) return;
        const started = performance.now();
        cursor = answer.cursor_ms;
        failures = 0;
        store.merge(answer, framing);
        tell(answer);
        const running = current().runningCount;
        liveState.set({ kind: "live", running });
        const cost = performance.now() - started;
        quietRounds = running > 0 || answer.changed.length > 0 ? 0 : quietRounds + 1;
        later(Math.max(Math.min(QUIET_PERIOD_MS, PERIOD_MS * 2 ** quietRounds), COST_FACTOR * cost));
      } catch {
        if (isClosed || abort.signal.aborted) return;
        failures += 1;
        if (failures === 1) lostAt = Date.now();
        const pause = Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** failures);
        if (failures >= FAILURES_TO_TELL) liveState.set({ kind: "lost", since: lostAt, retryAt: Date.now() + pause, retry: () => { later(0); } });
        later(pause);
      }
    };
    const onVisibility = () => {
      if (document.hidden) {
        clearTimeout(timer);
        abort.abort();
      } else later(0);
    };
    document.addEventListener("visibilitychange", onVisibility);
    wake.current = () => { later(0); };
    later(0);
    return () => {
      isClosed = true;
      clearTimeout(timer);
      abort.abort();
      document.removeEventListener("visibilitychange", onVisibility);
      liveState.set({ kind: "idle" });
    };
  }, [watch.project, watch.store]);
  const isRunning = watch.runningCount > 0;
  useEffect(() => {
    // nobody waits fifteen seconds for the first point
    if (isRunning) wake.current?.();
  }, [isRunning]);
}
