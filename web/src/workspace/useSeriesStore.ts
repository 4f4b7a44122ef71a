/** The store of series of a page, kept in step with what the page shows. */

import { useEffect, useState } from "react";
import { api } from "../api";
import type { RunStyle } from "../charts/figure";
import { SeriesStore } from "../charts/store";
import type { ChartSettings } from "../charts/settings";

/** About as many points as a tile has pixels across. */
const POINTS = 400;

export function useSeriesStore({ x, range }: ChartSettings, runs: readonly RunStyle[]): SeriesStore {
  const [store] = useState(
    () => new SeriesStore(async (request, signal) => (await api.series(request, { signal })).series, { x, range, points: POINTS }),
  );
  useEffect(() => { store.frame({ x, range, points: POINTS }); }, [store, x, range]);
  useEffect(() => { store.show(runs.map(({ id }) => id)); }, [store, runs]);
  useEffect(() => () => { store.close(); }, [store]);
  return store;
}
