/** The store of series of a page, kept in step with what the page shows. */

import { useEffect, useState } from "react";
import { api } from "../api";
import type { RunStyle } from "../charts/figure";
import type { ChartSettings } from "../charts/settings";
import { isSmoothing } from "../charts/smoothing";
import { type Fetch, type Framing, SeriesStore } from "../charts/store";
import { corrections } from "../corrections/made";

/** About as many points as a tile has pixels across. */
const POINTS = 400;
/** While a slider moves, the page smooths what it has; the server is asked for the amount on which it comes to rest. */
const REST_MS = 250;

const fetchRuns: Fetch = async (request, signal) => (await api.series(request, { signal })).series;

/** `fetch` is what it is at first; it brings the series of what `runs` are. */
export function useSeriesStore(settings: ChartSettings, runs: readonly RunStyle[], fetch = fetchRuns): SeriesStore {
  const { x, range, shade } = settings;
  const [smoothing, setSmoothing] = useState(settings.smoothing);
  const [store] = useState(() => new SeriesStore(fetch, framingOf(settings)));
  useEffect(() => {
    const timer = setTimeout(() => { setSmoothing(settings.smoothing); }, REST_MS);
    return () => { clearTimeout(timer); };
  }, [settings.smoothing]);
  useEffect(() => { store.frame(framingOf({ x, range, smoothing, shade })); }, [store, x, range, smoothing, shade]);
  useEffect(() => { store.show(runs.map(({ id }) => id)); }, [store, runs]);
  const corrected = corrections.use();
  const [correctedBefore] = useState(corrected);
  useEffect(() => { if (corrected !== correctedBefore) store.refresh(); }, [store, corrected, correctedBefore]);
  useEffect(() => () => { store.close(); }, [store]);
  return store;
}

const framingOf = ({ x, range, smoothing, shade }: Pick<ChartSettings, "x" | "range" | "smoothing" | "shade">): Framing => ({
  x,
  range,
  points: POINTS,
  smoothing: isSmoothing(smoothing) ? smoothing : null,
  band: shade !== "never",
});
