/**
 * Asks again and again what is new, while the page can be seen: every two seconds, and step by step down to every fifteen
 * while nothing runs or changes.
 *
 * It never takes more than a quarter of the main thread. A lost connection is told to the frame, with growing pauses until
 * it is back; what the page shows stays.
 */

import { useEffect, useEffectEvent, useRef } from "react";
import { liveState } from "./liveState";

const PERIOD_MS = 2000;
const QUIET_PERIOD_MS = 15_000;
/** Pauses of at least so many times what the last update cost keep the page three quarters idle. */
const COST_FACTOR = 4;
const LONGEST_PAUSE_MS = 30_000;
/** A request or two may fail while a server is started anew; nobody needs to hear of that. */
const FAILURES_TO_TELL = 3;

/** Whether a round has found anything new, and how long the page took to show it. */
export type Round = { isNews: boolean; costMs: number };

/**
 * A round takes what is new by itself, unless `signal` was aborted meanwhile. It begins again from the start when `about`
 * is another, `isFirst` says so, and not at all while it is null. `running` is how many runs go on: the
 * first of them wakes it from a long pause. `waitMs` is the pause before the first. With `isEager` it does not slow down.
 */
export type Rounds = { about: unknown; running: number; waitMs?: number; isEager?: boolean; ask: (signal: AbortSignal, isFirst: boolean) => Promise<Round> };

export function useRounds({ about, running, waitMs = 0, isEager = false, ask: askOnce }: Rounds): void {
  const once = useEffectEvent(askOnce);
  const firstPause = useEffectEvent(() => waitMs);
  const goingOn = useEffectEvent(() => running);
  const isBusy = useEffectEvent(() => isEager || running > 0);
  const wake = useRef<() => void>(undefined);
  useEffect(() => {
    if (about === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let abort = new AbortController();
    let failures = 0;
    let lostAt = 0;
    let quietRounds = 0;
    let isFirst = true;
    let isClosed = false;

    const later = (pause: number) => {
      clearTimeout(timer);
      if (!isClosed && !document.hidden) timer = setTimeout(() => void ask(), pause);
    };
    const ask = async () => {
      abort = new AbortController();
      const { signal } = abort;
      try {
        const round = await once(signal, isFirst);
        if (signal.aborted) return;
        isFirst = false;
        failures = 0;
        liveState.set({ kind: "live", running: goingOn() });
        quietRounds = isBusy() || round.isNews ? 0 : quietRounds + 1;
        later(Math.max(Math.min(QUIET_PERIOD_MS, PERIOD_MS * 2 ** quietRounds), COST_FACTOR * round.costMs));
      } catch {
        if (signal.aborted) return;
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
    wake.current = () => { if (!isFirst) later(0); };
    later(firstPause());
    return () => {
      isClosed = true;
      clearTimeout(timer);
      abort.abort();
      document.removeEventListener("visibilitychange", onVisibility);
      liveState.set({ kind: "idle" });
    };
  }, [about]);
  const isRunning = running > 0;
  useEffect(() => {
    // nobody waits fifteen seconds for the first point
    if (isRunning) wake.current?.();
  }, [isRunning]);
}
