/** The series of several names, followed while they are wanted. */

import { useMemo, useSyncExternalStore } from "react";
import type { MetricState, SeriesSource } from "./store";

const nothing = () => () => undefined;

/** The same array until something changes. */
export function useStates(store: SeriesSource, names: readonly string[], isWanted: boolean): readonly MetricState[] {
  const source = useMemo(() => together(store, names), [store, names]);
  return useSyncExternalStore(isWanted ? source.watch : nothing, source.get);
}

function together(store: SeriesSource, names: readonly string[]) {
  let last: MetricState[] = [];
  return {
    watch(listener: () => void): () => void {
      const ends = names.map((name) => store.watch(name, listener));
      return () => { for (const end of ends) end(); };
    },
    get(): readonly MetricState[] {
      const now = names.map((name) => store.state(name));
      if (now.length !== last.length || now.some((state, index) => state !== last[index])) last = now;
      return last;
    },
  };
}
