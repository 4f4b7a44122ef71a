/** A figure in Plotly's words. Pure: names are escaped, because Plotly reads a little HTML in them. */

import { type Colours, hueOf } from "./colours";
import { FAINT, type Figure, type Line, axisName, bandPieces, labelOf } from "./figure";
import { formatMeasure, unitOf } from "./units";

export type PlotData = { data: Record<string, unknown>[]; layout: Record<string, unknown> };

const DASH_NAMES = ["solid", "dash", "dot"];

/** No toolbar, no logo, and above all no button that uploads the chart to somebody's server. */
export const CONFIG = { displaylogo: false, showSendToCloud: false, responsive: false, displayModeBar: false };

export function plotFigure(figure: Figure, paint: Colours): PlotData {
  return {
    data: [...figure.superseded.map((line) => supersededTrace(line, figure, paint)), ...figure.lines.flatMap((line) => [...bandTraces(line, figure, paint), ...(line.raw === null || !figure.hasRaw ? [] : [rawTrace(line, figure, paint)]), mainTrace(line, figure, paint), ...markTraces(line, figure, paint)])],
    layout: layout(figure, paint),
  };
}

/** As text, whatever it holds. Plotly would show an escaped quote as it is, and quotes mean nothing outside a tag. */
export const escapeHtml = (text: string) => text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign] ?? sign);

/** Plotly gets relative time in seconds: milliseconds would need an axis of their own. */
const across = (figure: Figure, x: Float64Array) => (figure.axis === "relative_time" ? x.map((value) => value / 1000) : x);

function mainTrace(line: Line, figure: Figure, paint: Colours) {
  const colour = hueOf(paint, line.hue);
  return {
    type: "scatter",
    mode: line.y.filter((value) => !Number.isNaN(value)).length === 1 ? "markers" : "lines",
    name: escapeHtml(labelOf(line)),
    x: across(figure, line.x),
    y: line.y,
    connectgaps: false,
    line: { color: colour, width: 1.5, dash: DASH_NAMES[line.dash] ?? "solid" },
    marker: { color: colour, size: 6 },
    customdata: Array.from(line.y, (value, index) => [Number.isNaN(value) ? "" : formatMeasure(figure.metric, value), line.steps[index] ?? null]),
    hovertemplate: "%{customdata[0]}",
  };
}

const rawTrace = (line: Line, figure: Figure, paint: Colours) => faintTrace(line, line.raw ?? line.y, 0.25, figure, paint);

const supersededTrace = (line: Line, figure: Figure, paint: Colours) => faintTrace(line, line.y, FAINT, figure, paint);

/** A thin line that is not read. */
function faintTrace(line: Line, values: Float64Array, opacity: number, figure: Figure, paint: Colours) {
  return {
    type: "scatter",
    mode: "lines",
    x: across(figure, line.x),
    y: values,
    opacity,
    hoverinfo: "skip",
    showlegend: false,
    connectgaps: false,
    line: { color: hueOf(paint, line.hue), width: 1 },
  };
}

/** The area between the least and the greatest values; what a log axis cannot show is on its lower edge. */
function bandTraces(line: Line, figure: Figure, paint: Colours) {
  const { x, band } = line;
  if (band === null) return [];
  const heights = (values: Float64Array) => (figure.isLog ? values.map((value) => (value > 0 ? value : figure.y[0])) : values);
  return bandPieces(band).map(([start, end]) => ({
    type: "scatter",
    mode: "none",
    x: across(figure, Float64Array.of(...x.subarray(start, end), ...x.slice(start, end).reverse())),
    y: heights(Float64Array.of(...band.high.subarray(start, end), ...band.low.slice(start, end).reverse())),
    fill: "toself",
    fillcolor: hueOf(paint, line.hue),
    opacity: 0.15,
    hoverinfo: "skip",
    showlegend: false,
  }));
}

/** NaN is a hollow ring on the lower edge; what leaves the chart is an arrow at the edge that it left through. */
function markTraces(line: Line, figure: Figure, paint: Colours) {
  const colour = hueOf(paint, line.hue);
  const [low, high] = figure.y;
  const kinds = [
    { kind: "nan", symbol: "circle-open", at: low },
    { kind: "inf", symbol: "triangle-up", at: high },
    { kind: "-inf", symbol: "triangle-down", at: low },
  ];
  return kinds.flatMap(({ kind, symbol, at }) => {
    const outside = kind === "nan" ? [] : line.outside.filter(({ isUp }) => isUp === (kind === "inf"));
    const x = Float64Array.from([...line.marks.filter((mark) => mark.kind === kind), ...outside], (mark) => mark.x);
    if (x.length === 0) return [];
    return [{ type: "scatter", mode: "markers", x: across(figure, x), y: x.map(() => at), cliponaxis: false, hoverinfo: "skip", showlegend: false, marker: { symbol, color: colour, size: 9 } }];
  });
}

/** What is around every large chart. */
export const surroundings = (paint: Colours) => ({
  autosize: true,
  // opaque, so that a downloaded picture can be read on any page
  paper_bgcolor: paint.raised,
  plot_bgcolor: "rgba(0,0,0,0)",
  font: { family: "system-ui, sans-serif", size: 12, color: paint.text },
  margin: { l: 64, r: 16, t: 12, b: 48 },
  showlegend: false,
});

export const hoverLabel = (paint: Colours) => ({ bgcolor: paint.background, bordercolor: paint.line, font: { color: paint.text } });

function layout(figure: Figure, paint: Colours) {
  const axis = { gridcolor: paint.line, linecolor: paint.line, tickfont: { size: 11, color: paint.muted }, title: { font: { size: 12, color: paint.muted } }, zeroline: false };
  const [from, to] = across(figure, Float64Array.from(figure.x));
  const [low, high] = figure.y;
  return {
    ...surroundings(paint),
    hovermode: "x unified",
    hoverlabel: hoverLabel(paint),
    dragmode: "zoom",
    xaxis: {
      ...axis,
      showgrid: false,
      type: figure.axis === "time" ? "date" : "linear",
      range: [from, to],
      title: { ...axis.title, text: figure.axis === "relative_time" ? "time since the start of the run (s)" : escapeHtml(axisName(figure.axis)) },
    },
    yaxis: {
      ...axis,
      type: figure.isLog ? "log" : "linear",
      range: figure.isLog ? [Math.log10(low), Math.log10(high)] : [low, high],
      title: { ...axis.title, text: escapeHtml(figure.metric) },
      exponentformat: "e",
      ...unitTicks(figure.metric),
    },
  };
}

/** The unit of the metric at the ticks; with a letter for millions and the like where it counts bytes. */
function unitTicks(metric: string) {
  const unit = unitOf(metric);
  if (unit === null) return {};
  return unit.startsWith("B") ? { tickformat: "~s", ticksuffix: unit } : { ticksuffix: ` ${unit}` };
}

/** What a drag on the enlarged chart chose, in the units of the figure; null where it was not about x. */
export function chosenRange(figure: Figure, change: Record<string, unknown>): [number, number] | null {
  const from = asNumber(figure, change["xaxis.range[0]"]);
  const to = asNumber(figure, change["xaxis.range[1]"]);
  return from === null || to === null || from >= to ? null : [from, to];
}

/** An x of Plotly's in the units of the figure. */
export function asNumber(figure: Figure, value: unknown): number | null {
  if (typeof value === "string") {
    // Plotly writes dates without a zone and means UTC
    const time = Date.parse(`${value.replace(" ", "T")}Z`);
    return Number.isNaN(time) ? null : time;
  }
  if (typeof value !== "number") return null;
  return figure.axis === "relative_time" ? value * 1000 : value;
}

/** The points as they are drawn, one row each. */
export function figureAsCsv(figure: Figure): string {
  const rows = figure.lines.flatMap((line) =>
    Array.from(line.x, (x, index) => [quoted(line.name), line.run, String(line.steps[index] ?? ""), String(x), valueText((line.raw ?? line.y)[index])].join(",")),
  );
  return [`run,run_id,step,${xColumn(figure)},${quoted(figure.metric)}`, ...rows].join("\n");
}

const valueText = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? "" : String(value));

function xColumn({ axis }: Figure): string {
  if (axis === "step") return "x";
  return axis === "time" || axis === "relative_time" ? `${axis}_ms` : quoted(axisName(axis));
}

/** As a field of a CSV. */
export const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
