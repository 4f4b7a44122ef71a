/** What a source has of a metric, followed while it is wanted, and the figure of it. */

import { useMemo, useSyncExternalStore } from "react";
import { type ChartView, type Figure, MOST_LINES, type RunStyle, lineFigure } from "./figure";
import type { MetricState, SeriesSource } from "./store";

const nothing = () => () => undefined;

export function useMetric(source: SeriesSource, metric: string, isWanted: boolean): MetricState {
  return useSyncExternalStore(
    useMemo(() => (isWanted ? (listener: () => void) => source.watch(metric, listener) : nothing), [isWanted, source, metric]),
    () => source.state(metric),
  );
}

export function metricFigure(metric: string, { series }: MetricState, runs: readonly RunStyle[], view: ChartView, most = MOST_LINES): Figure {
  const styleOf = new Map(runs.map((run) => [run.id, run]));
  const drawn = series.flatMap((one) => {
    const style = styleOf.get(one.run);
    return style === undefined ? [] : [{ series: one, style }];
  });
  return lineFigure(metric, drawn, view, most);
}
