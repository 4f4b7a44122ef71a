/** How the values of a metric are spread over runs as steps go by: a heat map as plain data, and in Plotly's words. Pure. */

import type { Colours } from "../charts/colours";
import { type PlotData, escapeHtml, hoverLabel, surroundings } from "../charts/plotFigure";
import type { SeriesColumns } from "../series";
import { VIRIDIS_SCALE } from "./colour";

/** `counts[bin][stretch]` runs had their mean over that stretch of steps in that bin; edges are one more than bins. */
export type Histogram = { steps: number[]; edges: number[]; counts: number[][]; runs: number };

const STRETCHES = 60;
const BINS = 24;

/** Null where there is no finite value. Each run counts once in each stretch in which it has logged. O(points). */
export function histogramOf(series: readonly SeriesColumns[]): Histogram | null {
  const shown = series.filter(({ segment, x }) => segment === 0 && x.length > 0);
  const ends = shown.flatMap(({ steps }) => [steps[0] ?? 0, steps.at(-1) ?? 0]);
  const [first, last] = [ends.reduce((a, b) => Math.min(a, b), Infinity), ends.reduce((a, b) => Math.max(a, b), -Infinity)];
  const stretches = Math.min(STRETCHES, last - first + 1);
  const means = shown.map((one) => meansOf(one, first, last, stretches));
  const finite = means.flatMap((values) => [...values]).filter((value) => Number.isFinite(value));
  if (finite.length === 0) return null;
  const [low, high] = [finite.reduce((a, b) => Math.min(a, b)), finite.reduce((a, b) => Math.max(a, b))];
  const width = (high - low || 1) / BINS;
  const counts = Array.from({ length: BINS }, () => Array.from({ length: stretches }, () => 0));
  for (const values of means) {
    values.forEach((value, stretch) => {
      const row = Number.isFinite(value) ? counts[Math.min(BINS - 1, Math.floor((value - low) / width))] : undefined;
      if (row !== undefined) row[stretch] = (row[stretch] ?? 0) + 1;
    });
  }
  const each = (last - first + 1) / stretches;
  return {
    steps: Array.from({ length: stretches + 1 }, (_, index) => first + index * each),
    edges: Array.from({ length: BINS + 1 }, (_, index) => low + index * width),
    counts,
    runs: new Set(shown.map(({ run }) => run)).size,
  };
}

function meansOf({ steps, values }: SeriesColumns, first: number, last: number, stretches: number): Float64Array {
  const sums = new Float64Array(stretches);
  const counts = new Float64Array(stretches);
  steps.forEach((step, index) => {
    const value = values[index] ?? NaN;
    if (!Number.isFinite(value)) return;
    const stretch = Math.min(stretches - 1, Math.floor(((step - first) / (last - first + 1)) * stretches));
    sums[stretch] = (sums[stretch] ?? 0) + value;
    counts[stretch] = (counts[stretch] ?? 0) + 1;
  });
  return sums.map((sum, stretch) => sum / (counts[stretch] ?? 0));
}

export function plotHistogram({ steps, edges, counts }: Histogram, metric: string, paint: Colours): PlotData {
  const axis = { tickfont: { size: 11, color: paint.muted }, gridcolor: paint.line, zeroline: false, automargin: true };
  const title = (text: string) => ({ text: escapeHtml(text), font: { size: 12, color: paint.muted } });
  return {
    data: [
      {
        type: "heatmap",
        x: steps,
        y: edges,
        // nothing is not the least of the colours
        z: counts.map((row) => row.map((count) => (count === 0 ? null : count))),
        colorscale: VIRIDIS_SCALE,
        hovertemplate: "step %{x:.0f}<br>around %{y:.4~g}<br>%{z} runs<extra></extra>",
        colorbar: { thickness: 10, outlinewidth: 0, tickfont: { size: 11, color: paint.muted }, title: { text: "runs", side: "right", font: { size: 12, color: paint.muted } } },
      },
    ],
    layout: {
      ...surroundings(paint),
      hoverlabel: hoverLabel(paint),
      dragmode: "zoom",
      uirevision: metric,
      xaxis: { ...axis, title: title("step") },
      yaxis: { ...axis, title: title(metric) },
    },
  };
}
