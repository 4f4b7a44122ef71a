/**
 * Charts of more than one metric that somebody has added, by a name that says all there is of each. Pure.
 *
 * "formula:<text>" is reckoned by the server from metrics of the same step and then is a metric like any other.
 * "glob:<pattern>" has the lines of all metrics that fit. Any other name is that of a metric.
 */

import { splitList } from "../address";
import { type ChartView, type Drawn, type Figure, MOST_LINES, type RunStyle, lineFigure } from "./figure";
import type { MetricState } from "./store";

const FORMULA = "formula:";
const GLOB = "glob:";

export type CustomKind = "formula" | "glob";

export const isCustom = (chart: string) => kindOf(chart) !== null;

export function kindOf(chart: string): CustomKind | null {
  return chart.startsWith(FORMULA) ? "formula" : chart.startsWith(GLOB) ? "glob" : null;
}

export const customOf = (kind: CustomKind, text: string) => `${kind}:${text.trim()}`;

/** What one has typed, or the metric. */
export const titleOf = (chart: string) => (isCustom(chart) ? chart.slice(chart.indexOf(":") + 1) : chart);

export const readCustom = (text: string | undefined): string[] => [...new Set(splitList(text).filter((chart) => isCustom(chart) && titleOf(chart) !== ""))];

/** One chart a place up or down. */
export function moved(charts: readonly string[], chart: string, by: -1 | 1): string[] {
  const at = charts.indexOf(chart);
  const other = charts[at + by];
  return other === undefined || at === -1 ? [...charts] : charts.with(at, other).with(at + by, chart);
}

/** More metrics in one chart nobody can tell apart. */
export const MOST_METRICS = 20;

/** Which series a chart shows, by the names that the server knows them by. */
export function namesOf(chart: string, metrics: readonly string[]): string[] {
  return kindOf(chart) === "glob" ? matching(titleOf(chart), metrics).slice(0, MOST_METRICS) : [chart];
}

/** `*` is any text, slashes too, and `?` any letter. */
export function matching(glob: string, metrics: readonly string[]): string[] {
  const pattern = glob.split("").map((sign) => (sign === "*" ? ".*" : sign === "?" ? "." : sign.replace(/[\\^$.*+?()[\]{}|]/, "\\$&"))).join("");
  const whole = new RegExp(`^${pattern}$`, "s");
  return metrics.filter((metric) => whole.test(metric));
}

/** The figure of a chart from the series of its names, in their order. */
export function chartFigure(chart: string, states: readonly MetricState[], runs: readonly RunStyle[], view: ChartView, most = MOST_LINES): Figure {
  const styleOf = new Map(runs.map((run) => [run.id, run]));
  const isGlob = kindOf(chart) === "glob";
  const drawn = states.flatMap(({ series }, index) =>
    series.flatMap((one): Drawn[] => {
      const style = styleOf.get(one.run);
      if (style === undefined) return [];
      return [isGlob ? { series: one, style: apart(style, index, runs.length), name: `${style.name} · ${one.metric}` } : { series: one, style }];
    }),
  );
  return lineFigure(titleOf(chart), drawn, view, most);
}

/** Metrics of one run have hues of their own; where there are several runs these have them, and the metrics dashes. */
const apart = (style: RunStyle, index: number, runCount: number): RunStyle => (runCount === 1 ? { ...style, hue: style.hue + index } : { ...style, dash: Math.min(2, index) });
