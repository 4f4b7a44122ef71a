/** A scatter of runs as plain data, and in Plotly's words. Pure. */

import type { Colours } from "../charts/colours";
import { type PlotData, escapeHtml, hoverLabel, surroundings } from "../charts/plotFigure";
import { type Colouring, VIRIDIS_SCALE, colourAt, colouringOf } from "./colour";
import { type Column, type Data, isTime, numberAt, spanOf, valueText } from "./data";
import { paretoFront } from "./pareto";
import type { ScatterPanel } from "./state";

export type ScatterAxis = { column: Column; isLog: boolean };

/**
 * `rows` are the places in the data of the runs that have both values, and `front` places in `rows`. `missing` counts
 * the runs that lack one, `dropped` those that a log axis cannot show.
 */
export type ScatterFigure = {
  x: ScatterAxis;
  y: ScatterAxis;
  rows: number[];
  at: { x: Float64Array; y: Float64Array };
  sizes: Float64Array | null;
  colouring: Colouring;
  front: number[];
  missing: number;
  dropped: number;
};

const SMALLEST = 5;
const LARGEST = 22;
const USUAL = 8;

/** Null where the data has not the columns that are asked for. */
export function scatterFigure(data: Data, panel: ScatterPanel): ScatterFigure | null {
  const [across, up] = [data.columns.get(panel.x), data.columns.get(panel.y)];
  if (across === undefined || up === undefined) return null;
  const x = { column: across, isLog: panel.isLogX && !across.isText };
  const y = { column: up, isLog: panel.isLogY && !up.isText };
  const every = data.ids.map((_, row) => row);
  const present = every.filter((row) => [x, y].every(({ column }) => Number.isFinite(numberAt(column, row))));
  const rows = present.filter((row) => [x, y].every(({ column, isLog }) => !isLog || numberAt(column, row) > 0));
  const at = { x: Float64Array.from(rows, (row) => numberAt(across, row)), y: Float64Array.from(rows, (row) => numberAt(up, row)) };
  return {
    x,
    y,
    rows,
    at,
    sizes: sizesOf(data.columns.get(panel.size), rows),
    colouring: colouringOf(data, panel.colour),
    front: panel.front === null || across.isText || up.isText ? [] : paretoFront(at.x, at.y, panel.front),
    missing: every.length - present.length,
    dropped: present.length - rows.length,
  };
}

/** Areas grow with the value; a run without it is as small as the least. */
function sizesOf(column: Column | undefined, rows: readonly number[]): Float64Array | null {
  const values = column === undefined ? null : Float64Array.from(rows, (row) => numberAt(column, row));
  const span = values === null ? null : spanOf(values);
  if (values === null || span === null) return null;
  const [low, high] = span;
  const [least, most] = [SMALLEST ** 2, LARGEST ** 2];
  return values.map((value) => (Number.isFinite(value) && high > low ? Math.sqrt(least + ((value - low) / (high - low)) * (most - least)) : SMALLEST));
}

/** The sentence that stands for the picture. */
export function describeScatter({ x, y, rows, front }: ScatterFigure): string {
  const runs = `${String(rows.length)} ${rows.length === 1 ? "run" : "runs"}`;
  return `${y.column.label} over ${x.column.label}, ${runs}${front.length > 0 ? `, ${String(front.length)} on the Pareto front` : ""}`;
}

/** The rows of the runs inside of ranges of x and y; an end that is null is open. */
export function rowsWithin({ at, rows }: ScatterFigure, ranges: { x: Ends; y: Ends }): number[] {
  const isIn = (value: number, [low, high]: Ends) => (low === null || value >= low) && (high === null || value <= high);
  return rows.filter((_, place) => isIn(at.x[place] ?? NaN, ranges.x) && isIn(at.y[place] ?? NaN, ranges.y));
}

export type Ends = readonly [number | null, number | null];

/** What a drag over the chart does. */
export type Drag = "zoom" | "select" | "lasso";

export function plotScatter(figure: ScatterFigure, data: Data, { drag, paint }: { drag: Drag; paint: Colours }): PlotData {
  return { data: [pointTrace(figure, data, paint), ...frontTrace(figure, paint)], layout: layoutOf(figure, drag, paint) };
}

function pointTrace(figure: ScatterFigure, data: Data, paint: Colours) {
  const { rows, colouring, x, y } = figure;
  const coloured = colouring.kind === "runs" ? [] : [colouring.column];
  const shown = [...new Set([x.column, y.column, ...coloured])];
  return {
    type: "scatter",
    mode: "markers",
    x: figure.at.x,
    y: figure.at.y,
    text: rows.map((row) => [`<b>${escapeHtml(data.names[row] ?? "")}</b>`, ...shown.map((column) => `${escapeHtml(column.label)}: ${escapeHtml(valueText(column, row))}`)].join("<br>")),
    hovertemplate: "%{text}<extra></extra>",
    showlegend: false,
    marker: {
      size: figure.sizes ?? USUAL,
      opacity: rows.length > 400 ? 0.7 : 0.9,
      line: { width: 0.5, color: paint.background },
      ...markerColours(figure, data, paint),
    },
    selected: { marker: { opacity: 1 } },
    unselected: { marker: { opacity: 0.18 } },
  };
}

function markerColours({ colouring, rows }: ScatterFigure, data: Data, paint: Colours) {
  if (colouring.kind !== "numbers") return { color: rows.map((row) => colourAt(colouring, data, row, paint)) };
  const values = rows.map((row) => colouring.column.numbers[row] ?? NaN);
  return {
    color: values.map((value) => (Number.isFinite(value) ? value : null)),
    colorscale: VIRIDIS_SCALE,
    cmin: colouring.low,
    cmax: colouring.high > colouring.low ? colouring.high : colouring.low + 1,
    showscale: true,
    colorbar: { thickness: 10, outlinewidth: 0, tickfont: { size: 11, color: paint.muted }, title: { text: escapeHtml(colouring.column.label), side: "right", font: { size: 12, color: paint.muted } } },
  };
}

function frontTrace({ front, at }: ScatterFigure, paint: Colours) {
  if (front.length === 0) return [];
  return [
    {
      type: "scatter",
      mode: "lines",
      name: "Pareto front",
      x: front.map((place) => at.x[place] ?? NaN),
      y: front.map((place) => at.y[place] ?? NaN),
      line: { color: paint.text, width: 1.5, dash: "dot" },
      hoverinfo: "skip",
      showlegend: false,
    },
  ];
}

function layoutOf(figure: ScatterFigure, drag: Drag, paint: Colours) {
  return {
    ...surroundings(paint),
    hovermode: "closest",
    hoverlabel: { ...hoverLabel(paint), align: "left" },
    dragmode: drag,
    // what was zoomed and selected by hand stays while points arrive
    uirevision: `${figure.x.column.key} ${figure.y.column.key} ${String(figure.x.isLog)} ${String(figure.y.isLog)}`,
    xaxis: axisOf(figure.x, paint),
    yaxis: axisOf(figure.y, paint),
  };
}

function axisOf({ column, isLog }: ScatterAxis, paint: Colours) {
  return {
    type: isTime(column.key) ? "date" : isLog ? "log" : "linear",
    title: { text: escapeHtml(column.label), font: { size: 12, color: paint.muted } },
    tickfont: { size: 11, color: paint.muted },
    gridcolor: paint.line,
    zeroline: false,
    automargin: true,
    exponentformat: "e",
    // with labels at 1, 2 and 5
    ...(isLog ? { dtick: "D2" } : {}),
    ...(column.isText ? { tickmode: "array", tickvals: column.texts.map((_, code) => code), ticktext: column.texts.map((text) => escapeHtml(text.length > 24 ? `${text.slice(0, 23)}…` : text)) } : {}),
  };
}
