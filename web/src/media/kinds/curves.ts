/** Precision-recall and ROC curves of several runs and classes in one figure. Pure. */

import { type Colours, hueOf } from "../../charts/colours";
import { type PlotData, escapeHtml, hoverLabel, surroundings } from "../../charts/plotFigure";
import { formatNumber } from "../../format";
import type { Curve } from "./details";

export type CurveKind = "pr_curve" | "roc";

/** A curve with the run that it is of; `dash` tells the classes of a run from each other, and is a whole number. */
export type Line = { id: string; title: string; hue: number; dash: number; curve: Curve };

export const AXES: Record<CurveKind, { x: string; y: string; area: string; words: string }> = {
  pr_curve: { x: "recall", y: "precision", area: "average precision", words: "Precision over recall" },
  roc: { x: "false positive rate", y: "true positive rate", area: "area under the curve", words: "True over false positive rate" },
};

export const DASHES = ["solid", "dash", "dot"];

export function curveFigure(lines: readonly Line[], kind: CurveKind, threshold: number | null, paint: Colours): PlotData {
  const { x, y } = AXES[kind];
  const axis = { tickfont: { size: 11, color: paint.muted }, gridcolor: paint.line, zeroline: false, automargin: true, range: [-0.01, 1.02] };
  const title = (text: string) => ({ text, font: { size: 12, color: paint.muted } });
  return {
    data: [
      ...chanceLines(lines, kind).map((points) => ({ type: "scatter", mode: "lines", ...points, line: { color: paint.muted, width: 1, dash: "dot" }, hoverinfo: "skip" })),
      ...lines.map((line) => ({
        type: "scatter",
        mode: "lines",
        name: escapeHtml(line.title),
        x: line.curve.x,
        y: line.curve.y,
        line: { color: hueOf(paint, line.hue), width: 2, dash: DASHES[line.dash % DASHES.length] },
        customdata: line.curve.x.map((_, index) => thresholdText(line.curve, index)),
        hovertemplate: `${escapeHtml(line.title)}<br>${x} %{x:.3f}<br>${y} %{y:.3f}%{customdata}<extra></extra>`,
      })),
      ...(threshold === null ? [] : lines.flatMap((line) => markTrace(line, threshold, paint))),
    ],
    layout: {
      ...surroundings(paint),
      hovermode: "closest",
      hoverlabel: hoverLabel(paint),
      xaxis: { ...axis, title: title(x) },
      yaxis: { ...axis, title: title(y) },
    },
  };
}

const thresholdText = ({ thresholds }: Curve, index: number) => (thresholds[index] === undefined ? "" : `<br>threshold ${formatNumber(thresholds[index])}`);

function markTrace(line: Line, threshold: number, paint: Colours) {
  const at = pointAt(line.curve, threshold);
  if (at === null) return [];
  return [{ type: "scatter", mode: "markers", x: [line.curve.x[at]], y: [line.curve.y[at]], marker: { color: hueOf(paint, line.hue), size: 10, line: { color: paint.raised, width: 2 } }, hoverinfo: "skip" }];
}

/** The place of the point whose threshold is nearest; null for a curve without thresholds. */
export function pointAt({ thresholds, x }: Curve, threshold: number): number | null {
  let found: number | null = null;
  thresholds.slice(0, x.length).forEach((value, index) => {
    if (found === null || Math.abs(value - threshold) < Math.abs((thresholds[found] ?? Infinity) - threshold)) found = index;
  });
  return found;
}

/** From the least to the greatest threshold of all curves; null where none has any. */
export function thresholdSpan(lines: readonly Line[]): readonly [number, number] | null {
  const all = lines.flatMap(({ curve }) => curve.thresholds);
  if (all.length === 0) return null;
  return [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
}

/** What guessing would reach. For precision it is the share of positives, which is the precision where everything is taken for positive. */
function chanceLines(lines: readonly Line[], kind: CurveKind): { x: number[]; y: number[] }[] {
  if (kind === "roc") return [{ x: [0, 1], y: [0, 1] }];
  const shares = lines.flatMap(({ curve }) => positiveShare(curve) ?? []).sort((a, b) => a - b);
  // of shares that one could not tell apart, one line
  const apart = shares.filter((share, index) => index === 0 || share - (shares[index - 1] ?? 0) > 0.02);
  return apart.map((share) => ({ x: [0, 1], y: [share, share] }));
}

/** Null for a curve that does not reach the recall of 1. */
export function positiveShare({ x, y }: Curve): number | null {
  const whole = y.filter((_, index) => (x[index] ?? 0) >= 1 - 1e-9);
  return whole.length === 0 ? null : whole.reduce((a, b) => Math.min(a, b));
}
