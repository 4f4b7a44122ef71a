/** What a source has of a chart, followed while it is wanted, and the figure of it. */

import { useMemo, useSyncExternalStore } from "react";
import { HUES } from "./colours";
import { type ChartView, type Drawn, type Figure, MOST_LINES, type RunStyle, lineFigure } from "./figure";
import { chartTitle, isSeveral, namesOf } from "./made";
import type { MetricState, SeriesSource } from "./store";
import { together } from "./together";

const nothing = () => () => undefined;

/** `metrics` are all that there are: a chart may be of those whose names fit a pattern. */
export function useMetric(lines: SeriesSource, chart: string, isWanted: boolean, metrics: readonly string[]): MetricState {
  const names = useMemo(() => (isSeveral(chart) ? namesOf(chart, metrics).join("\n") : null), [chart, metrics]);
  const source = useMemo(() => (names === null ? lines : together(lines, names === "" ? [] : names.split("\n"))), [lines, names]);
  return useSyncExternalStore(
    useMemo(() => (isWanted ? (listener: () => void) => source.watch(chart, listener) : nothing), [isWanted, source, chart]),
    () => source.state(chart),
  );
}

export function chartFigure(chart: string, { series }: MetricState, runs: readonly RunStyle[], view: ChartView, most = MOST_LINES): Figure {
  const styleOf = new Map(runs.map((run) => [run.id, run]));
  const drawn = series.flatMap((one) => {
    const style = styleOf.get(one.run);
    return style === undefined ? [] : [{ series: one, style }];
  });
  return lineFigure(chartTitle(chart), isSeveral(chart) ? toldApart(drawn, runs.length === 1) : drawn, view, most);
}

/** Runs by their colours and metrics by their dashes; of one run alone, metrics by colours. */
function toldApart(drawn: readonly Drawn[], isOneRun: boolean): Drawn[] {
  const metrics = [...new Set(drawn.map(({ series }) => series.metric))];
  return drawn.map(({ series, style }) => {
    const of = series.metric;
    const at = metrics.indexOf(of);
    const look = isOneRun ? { name: of, hue: (style.hue + at) % HUES, dash: Math.floor(at / HUES) % 3 } : { name: `${style.name} · ${of}`, dash: at % 3 };
    return { series, style: { ...style, of, ...look } };
  });
}
