/** Histograms as figures: bars of one step, and of all steps ridges or a heat map. Pure. */

import { type Colours, hueOf } from "../../charts/colours";
import { type PlotData, escapeHtml, hoverLabel, surroundings } from "../../charts/plotFigure";
import { formatCount, formatNumber } from "../../format";
import { VIRIDIS_SCALE } from "../../panels/colour";
import { channelsOf } from "./colour";
import type { Histogram } from "./details";

export type Bars = { title: string; hue: number; histogram: Histogram };
/** The histograms of one name of one run, in order of their steps. */
export type OverSteps = { steps: readonly number[]; histograms: readonly Histogram[] };

const MOST_RIDGES = 40;
const MOST_COLUMNS = 300;
const ROWS = 60;
/** The highest ridge is as high as so many distances between them. */
const RIDGE_HEIGHT = 3;

/** Counts of one; of several, which may have other bins and other numbers of values, the share of values per unit. */
export function barsFigure(bars: readonly Bars[], name: string, paint: Colours): PlotData {
  const isAlone = bars.length === 1;
  const axis = axisOf(paint);
  return {
    data: bars.map((one) => (isAlone ? countBars(one, paint) : densityOutline(one, paint))),
    layout: {
      ...surroundings(paint),
      hovermode: "closest",
      hoverlabel: hoverLabel(paint),
      bargap: 0,
      xaxis: { ...axis, title: titleOf(name, paint) },
      yaxis: { ...axis, title: titleOf(isAlone ? "count" : "share of values per unit", paint), rangemode: "tozero" },
    },
  };
}

function countBars({ hue, histogram: { edges, counts } }: Bars, paint: Colours) {
  return {
    type: "bar",
    x: counts.map((_, bin) => ((edges[bin] ?? 0) + (edges[bin + 1] ?? 0)) / 2),
    width: counts.map((_, bin) => (edges[bin + 1] ?? 0) - (edges[bin] ?? 0)),
    y: counts,
    marker: { color: hueOf(paint, hue), line: { width: 0 } },
    customdata: counts.map((_, bin) => rangeText(edges, bin)),
    hovertemplate: "%{y} from %{customdata}<extra></extra>",
  };
}

function densityOutline({ title, hue, histogram }: Bars, paint: Colours) {
  const densities = densitiesOf(histogram);
  const [first, last] = [histogram.edges[0] ?? 0, histogram.edges.at(-1) ?? 0];
  return {
    type: "scatter",
    mode: "lines",
    name: escapeHtml(title),
    x: [first, ...histogram.edges, last],
    y: [0, ...densities, densities.at(-1) ?? 0, 0],
    line: { color: hueOf(paint, hue), width: 1.5, shape: "hv" },
    fill: "tozeroy",
    fillcolor: faint(hueOf(paint, hue), 0.15),
    hovertemplate: `${escapeHtml(title)}<br>%{y:.4~g} at %{x:.4~g}<extra></extra>`,
  };
}

/** The share of values in each bin for each unit of its width; a bin without a width counts as if it had the narrowest. */
export function densitiesOf({ edges, counts }: Histogram): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0) || 1;
  const widths = counts.map((_, bin) => (edges[bin + 1] ?? 0) - (edges[bin] ?? 0));
  const narrowest = widths.filter((width) => width > 0).reduce((a, b) => Math.min(a, b), Infinity);
  return counts.map((count, bin) => count / total / ((widths[bin] ?? 0) > 0 ? (widths[bin] ?? 1) : Number.isFinite(narrowest) ? narrowest : 1));
}

/** One outline a step, the newest in front: what lies behind is partly covered, so equal steps are left out evenly. */
export function ridgesFigure(over: OverSteps, name: string, hue: number, paint: Colours): PlotData {
  const { steps, histograms } = thinned(over, MOST_RIDGES);
  const densities = histograms.map(densitiesOf);
  const most = densities.flat().reduce((a, b) => Math.max(a, b), 0) || 1;
  const colour = hueOf(paint, hue);
  const last = steps.length - 1;
  const data = histograms.map(({ edges }, index) => {
    const [left, right] = [edges[0] ?? 0, edges.at(-1) ?? 0];
    const base = last - index;
    const heights = (densities[index] ?? []).map((density) => base + (density / most) * RIDGE_HEIGHT);
    const middles = heights.map((_, bin) => ((edges[bin] ?? 0) + (edges[bin + 1] ?? 0)) / 2);
    return {
      type: "scatter",
      mode: "lines",
      x: [left, ...middles, right, left],
      y: [base, ...heights, base, base],
      fill: "toself",
      fillcolor: faint(mixed(paint.raised, colour, 0.15 + (last === 0 ? 0.6 : (0.6 * index) / last)), 0.9),
      line: { color: index === last ? paint.text : paint.muted, width: index === last ? 1.5 : 0.75 },
      text: `step ${formatCount(steps[index] ?? 0)}`,
      hoveron: "fills",
      hoverinfo: "text",
    };
  });
  const axis = axisOf(paint);
  const ticks = evenly(steps.length, 5);
  return {
    data,
    layout: {
      ...surroundings(paint),
      hovermode: "closest",
      hoverlabel: hoverLabel(paint),
      xaxis: { ...axis, title: titleOf(name, paint) },
      yaxis: { ...axis, showgrid: false, title: titleOf("step", paint), tickvals: ticks.map((index) => last - index), ticktext: ticks.map((index) => formatCount(steps[index] ?? 0)) },
    },
  };
}

export type Grid = { steps: readonly number[]; edges: readonly number[]; shares: readonly (readonly number[])[] };

/** All steps on the same bins: `shares[row][column]` of the values of that step lie in that row. */
export function gridOf(over: OverSteps): Grid {
  const { steps, histograms } = thinned(over, MOST_COLUMNS);
  const filled = histograms.flatMap(({ edges, counts }) => counts.flatMap((count, bin) => (count > 0 ? [edges[bin] ?? 0, edges[bin + 1] ?? 0] : [])));
  const [low, high] = [filled.reduce((a, b) => Math.min(a, b), Infinity), filled.reduce((a, b) => Math.max(a, b), -Infinity)];
  const [from, to] = filled.length === 0 ? [0, 1] : low === high ? [low - 0.5, high + 0.5] : [low, high];
  const edges = Array.from({ length: ROWS + 1 }, (_, row) => from + ((to - from) * row) / ROWS);
  const columns = histograms.map((histogram) => sharesIn(histogram, edges));
  return { steps, edges, shares: Array.from({ length: ROWS }, (_, row) => columns.map((column) => column[row] ?? 0)) };
}

/** The values of each bin are taken to lie evenly in it. */
export function sharesIn({ edges: from, counts }: Histogram, edges: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0) || 1;
  const shares = Array.from({ length: edges.length - 1 }, () => 0);
  const [low, high] = [edges[0] ?? 0, edges.at(-1) ?? 1];
  const width = (high - low) / shares.length;
  counts.forEach((count, bin) => {
    if (count === 0) return;
    const [left, right] = [from[bin] ?? 0, from[bin + 1] ?? 0];
    const rowOf = (value: number) => Math.min(shares.length - 1, Math.max(0, Math.floor((value - low) / width)));
    for (let row = rowOf(left); row <= rowOf(right); row += 1) {
      const covered = Math.min(right, low + (row + 1) * width) - Math.max(left, low + row * width);
      const share = right > left ? Math.max(0, covered) / (right - left) : row === rowOf(left) ? 1 : 0;
      shares[row] = (shares[row] ?? 0) + (share * count) / total;
    }
  });
  return shares;
}

export function heatFigure({ steps, edges, shares }: Grid, name: string, paint: Colours): PlotData {
  const axis = axisOf(paint);
  return {
    data: [
      {
        type: "heatmap",
        x: steps,
        y: edges.slice(0, -1).map((edge, row) => (edge + (edges[row + 1] ?? edge)) / 2),
        // nothing is not the least of the colours
        z: shares.map((row) => row.map((share) => (share < 1e-9 ? null : share * 100))),
        colorscale: VIRIDIS_SCALE,
        hovertemplate: "step %{x}<br>around %{y:.4~g}<br>%{z:.3~g} % of the values<extra></extra>",
        colorbar: { thickness: 10, outlinewidth: 0, tickfont: { size: 11, color: paint.muted }, title: { text: "% of values", side: "right", font: { size: 12, color: paint.muted } } },
      },
    ],
    layout: {
      ...surroundings(paint),
      hoverlabel: hoverLabel(paint),
      xaxis: { ...axis, title: titleOf("step", paint) },
      yaxis: { ...axis, title: titleOf(name, paint) },
    },
  };
}

/** The value below which a share of the values lies, taken to lie evenly in their bins; NaN where there is none. */
export function quantileOf({ edges, counts }: Histogram, share: number): number {
  const wanted = share * counts.reduce((sum, count) => sum + count, 0);
  let before = 0;
  for (const [bin, count] of counts.entries()) {
    if (count > 0 && before + count >= wanted) return (edges[bin] ?? 0) + ((wanted - before) / count) * ((edges[bin + 1] ?? 0) - (edges[bin] ?? 0));
    before += count;
  }
  return NaN;
}

export const totalOf = ({ counts }: Histogram) => counts.reduce((sum, count) => sum + count, 0);

export const rangeText = (edges: readonly number[], bin: number) => `${formatNumber(edges[bin] ?? 0)} to ${formatNumber(edges[bin + 1] ?? 0)}`;

function thinned({ steps, histograms }: OverSteps, most: number): OverSteps {
  const kept = evenly(steps.length, most);
  return { steps: kept.map((index) => steps[index] ?? 0), histograms: kept.flatMap((index) => histograms[index] ?? []) };
}

/** At most so many places of a list, the first and the last among them. */
function evenly(length: number, most: number): number[] {
  if (length <= most) return Array.from({ length }, (_, index) => index);
  return Array.from({ length: most }, (_, index) => Math.round((index * (length - 1)) / (most - 1)));
}

const axisOf = (paint: Colours) => ({ tickfont: { size: 11, color: paint.muted }, gridcolor: paint.line, zeroline: false, automargin: true });

const titleOf = (text: string, paint: Colours) => ({ text: escapeHtml(text), font: { size: 12, color: paint.muted } });

const hex = (parts: readonly number[]) => `#${parts.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;

/** Of "#rrggbb". */
const mixed = (from: string, to: string, share: number): string => hex(channelsOf(from).map((part, index) => part + ((channelsOf(to)[index] ?? part) - part) * share));

const faint = (colour: string, opacity: number): string => `rgba(${channelsOf(colour).join(",")},${String(opacity)})`;
