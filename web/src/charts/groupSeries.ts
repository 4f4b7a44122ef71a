/** The curves of groups of runs as series, so that whatever draws and reads the series of runs does so with them. Pure. */

import type { Center, Curve, SeriesColumns, Shape } from "../series";
import type { MetricState, SeriesSource } from "./store";

/** `leftOut` counts the older runs of the group that the curve is not of. */
type How = { center: Center; shape: Shape; isByStep: boolean; leftOut: number };

/** `group` stands where a run's id would. Points that no run has are none. */
export function groupSeries(group: string, curve: Curve, { center, shape, isByStep, leftOut }: How): SeriesColumns {
  return {
    id: 0,
    run: group,
    metric: curve.metric,
    label: "",
    segment: 0,
    count: curve.x_count,
    points_in_range: curve.x_count,
    is_exact: curve.is_exact,
    is_delta: false,
    marks: [],
    x: curve.x,
    steps: isByStep ? curve.x : new Float64Array(curve.x.length).fill(NaN),
    values: curve.center,
    smoothed: curve.smoothed,
    low: curve.low,
    high: curve.high,
    shape,
    pooled: { center, n: curve.n, runCount: curve.run_count, leftOut },
  };
}

/** The lines of groups with those of single runs behind them. */
export function inFrontOf(groups: SeriesSource, members: SeriesSource): SeriesSource {
  const known = new Map<string, { front: MetricState; back: MetricState; both: MetricState }>();
  return {
    watch: (metric, listener) => {
      const ends = [groups.watch(metric, listener), members.watch(metric, listener)];
      return () => { for (const end of ends) end(); };
    },
    state: (metric) => {
      const [front, back] = [groups.state(metric), members.state(metric)];
      const before = known.get(metric);
      if (before?.front === front && before.back === back) return before.both;
      const both = { series: [...front.series, ...back.series], isLoading: front.isLoading, error: front.error ?? back.error };
      known.set(metric, { front, back, both });
      return both;
    },
    retry: (metric) => {
      groups.retry(metric);
      members.retry(metric);
    },
  };
}
