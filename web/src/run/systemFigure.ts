/** The readings of several devices as a figure of lines, as their mean, or as a map of device by time. Pure. */

import { type ChartView, type Drawn, type Figure, type Line, type Range, type RunStyle, lineFigure } from "../charts/figure";
import type { SeriesColumns } from "../series";
import type { Panel } from "./devices";

export type Readings = ReadonlyMap<string, readonly SeriesColumns[]>;

/** A line for each device. The same device has the same colour in every panel. */
export function deviceFigure(panel: Panel, readings: Readings, view: ChartView, isRunning: boolean): Figure {
  const drawn = panel.members.flatMap(({ metric, device }, place): Drawn[] =>
    (readings.get(metric) ?? []).map((series) => ({ series, style: deviceStyle(panel, device, place, isRunning) })),
  );
  return lineFigure(panel.members[0]?.metric ?? panel.name, drawn, view);
}

function deviceStyle({ members, title }: Panel, device: string, place: number, isRunning: boolean): RunStyle {
  const number = /(\d+)$/.exec(device)?.[1];
  const slot = number === undefined ? place : Number(number);
  const name = members.length === 1 && device === "" ? title : device;
  return { id: `device ${name}`, name, hue: slot % 10, dash: Math.min(2, Math.floor(slot / 10)), isRunning };
}

const CELLS = 200;

/** `rows` has a row of cells for each of `names`, NaN where nothing was read; cells are equally wide over `x`. */
export type HeatMap = { metric: string; x: Range; names: string[]; rows: Float64Array[]; low: number; high: number };

export function heatMap(figure: Figure): HeatMap {
  const rows = figure.lines.map((line) => cellsOf(line, figure.x, CELLS));
  const values = rows.flatMap((row) => [...row].filter((value) => !Number.isNaN(value)));
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  const isShare = /(percent|utilization)$/.test(figure.metric);
  return { metric: figure.metric, x: figure.x, names: figure.lines.map(({ name }) => name), rows, low: Math.min(0, ...values), high: isShare ? Math.max(100, most) : most === 0 ? 1 : most };
}

/** The figure with one line in place of all: at each moment the mean of the devices that were read then. */
export function meanFigure(figure: Figure): Figure {
  const [first] = figure.lines;
  if (first === undefined || figure.lines.length === 1) return figure;
  const count = Math.max(2, Math.min(CELLS, ...figure.lines.map(({ x }) => x.length)));
  const rows = figure.lines.map((line) => cellsOf(line, figure.x, count));
  const width = (figure.x[1] - figure.x[0]) / count;
  const x = Float64Array.from({ length: count }, (_, cell) => figure.x[0] + (cell + 0.5) * width);
  const y = x.map((_, cell) => mean(rows.map((row) => row[cell] ?? NaN)));
  const line: Line = { ...first, id: "mean", run: "device mean", name: `mean of ${String(figure.lines.length)}`, hue: 0, dash: 0, x, steps: x.map(() => 0), y, raw: null, band: null, marks: [] };
  return { ...figure, lines: [line], superseded: [], isExact: false };
}

function mean(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** The mean of the points in each cell; a cell between two points that lie close has what stood before it. */
function cellsOf({ x, y }: Pick<Line, "x" | "y">, [from, to]: Range, count: number): Float64Array {
  const sums = new Float64Array(count);
  const counts = new Float64Array(count);
  const width = (to - from) / count;
  for (let index = 0; index < x.length; index += 1) {
    const value = y[index] ?? NaN;
    const cell = Math.min(count - 1, Math.floor(((x[index] ?? NaN) - from) / width));
    if (Number.isNaN(value) || !(cell >= 0)) continue;
    sums[cell] = (sums[cell] ?? 0) + value;
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  const reach = Math.ceil((2 * usualGap(x)) / width);
  let last = -Infinity;
  return sums.map((sum, cell) => {
    const held = counts[cell] ?? 0;
    if (held > 0) {
      last = cell;
      return sum / held;
    }
    return cell - last <= reach ? (sums[last] ?? NaN) / (counts[last] ?? NaN) : NaN;
  });
}

function usualGap(x: Float64Array): number {
  const gaps = Array.from(x.subarray(1), (value, index) => value - (x[index] ?? 0)).sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? 0;
}

/** What all lines of these figures span together. */
export function spanOf(figures: readonly Figure[]): Range | null {
  const drawn = figures.filter(({ lines }) => lines.length > 0);
  if (drawn.length === 0) return null;
  return [Math.min(...drawn.map(({ x }) => x[0])), Math.max(...drawn.map(({ x }) => x[1]))];
}
