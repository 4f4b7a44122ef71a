/** The series of several metrics of one run, followed while a part of the page shows them. */

import { useMemo, useSyncExternalStore } from "react";
import type { SeriesStore } from "../charts/store";
import type { Readings } from "./systemFigure";

export function useReadings(store: SeriesStore, metrics: readonly string[]): { readings: Readings; isLoading: boolean; error: string | null } {
  const source = useMemo(() => watched(store, metrics), [store, metrics]);
  const states = useSyncExternalStore(source.subscribe, source.get);
  return useMemo(
    () => ({
      readings: new Map(metrics.map((metric, index) => [metric, states[index]?.series ?? []])),
      isLoading: states.some((state) => state.isLoading),
      error: states.find((state) => state.error !== null)?.error ?? null,
    }),
    [metrics, states],
  );
}

/** All states as one value, which stays the same until one of them changes. */
function watched(store: SeriesStore, metrics: readonly string[]) {
  const read = () => metrics.map((metric) => store.state(metric));
  let states = read();
  return {
    subscribe: (listener: () => void) => {
      const ends = metrics.map((metric) => store.watch(metric, listener));
      return () => { for (const end of ends) end(); };
    },
    get: () => {
      const now = read();
      if (now.some((state, index) => state !== states[index])) states = now;
      return states;
    },
  };
}
