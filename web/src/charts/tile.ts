/**
 * Draws a figure small, many on a page. The only module that touches uPlot.
 *
 * uPlot keeps the canvas, the scales and the axes. The lines are drawn here, because each run has an x of its own:
 * joined to one common x, twenty runs would become a table of mostly nothing.
 */

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Colours, DASHES, colours, hueOf } from "./colours";
import { between } from "./extent";
import { type Band, FAINT, type Figure, type Line, type Range, type XAxis, bandPieces } from "./figure";
import { DURATION_STEPS, STEP_STEPS, evenTicks, logTicks, xTicks } from "./ticks";
import { measureTicks } from "./units";

/** Where the plot lies inside its element, in CSS pixels, and what it spans. */
export type PlotArea = { left: number; top: number; width: number; height: number; x: Range; y: Range; isLog: boolean };

type Shown = { figure: Figure; highlight: string | null };

const tiles = new WeakMap<HTMLElement, { plot: uPlot; shown: Shown }>();
const FONT = "11px system-ui, sans-serif";

export function draw(element: HTMLElement, figure: Figure): void {
  remove(element);
  const shown: Shown = { figure, highlight: null };
  // uPlot draws after the task that asked for it unless it does so within a batch: the queue would count nothing of it
  const start = (plot: uPlot, fill: Parameters<uPlot["batch"]>[0]) => {
    element.append(plot.root);
    plot.batch(fill);
  };
  tiles.set(element, { plot: new uPlot(options(element, shown), frame(figure), start), shown });
}

/** Shows another figure in the same tile; the canvas stays. */
export function update(element: HTMLElement, figure: Figure): void {
  const tile = tiles.get(element);
  if (tile === undefined || tile.shown.figure.axis !== figure.axis) {
    draw(element, figure);
    return;
  }
  tile.shown.figure = figure;
  tile.plot.batch(() => {
    tile.plot.setData(frame(figure));
    tile.plot.redraw(false, true); // it sees no change of what its shares are of
  });
}

export function range(element: HTMLElement): PlotArea | null {
  const tile = tiles.get(element);
  if (tile === undefined) return null;
  const ratio = uPlot.pxRatio;
  const { left, top, width, height } = tile.plot.bbox;
  const { figure } = tile.shown;
  return { left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio, x: figure.x, y: figure.y, isLog: figure.isLog };
}

export function remove(element: HTMLElement): void {
  tiles.get(element)?.plot.destroy();
  tiles.delete(element);
}

export function resize(element: HTMLElement): void {
  const tile = tiles.get(element);
  if (tile === undefined) return;
  const size = { width: element.clientWidth, height: element.clientHeight };
  if (size.width !== tile.plot.width || size.height !== tile.plot.height) tile.plot.batch(() => { tile.plot.setSize(size); });
}

/** Draws one run stronger and the others fainter; null takes it back. */
export function highlight(element: HTMLElement, run: string | null): void {
  const tile = tiles.get(element);
  if (tile === undefined || tile.shown.highlight === run) return;
  tile.shown.highlight = run;
  tile.plot.batch(() => { tile.plot.redraw(false, false); });
}

/** The picture follows the hand by so many pixels, until it is drawn where it was let go; null takes it back. */
export function shift(element: HTMLElement, by: { x: number; y: number } | null): void {
  const root = tiles.get(element)?.plot.root;
  if (root !== undefined) root.style.transform = by === null ? "" : `translate(${String(by.x)}px, ${String(by.y)}px)`;
}

/** uPlot needs data to have scales; two corners are enough, since the lines are drawn here. */
const frame = (figure: Figure): uPlot.AlignedData => [[...acrossOf(figure)], [0, 1]];

/**
 * uPlot has no ticks for numbers beyond 1e17, nor for distances below 1e-17. So heights are shares of the plot for it, and
 * what is across too where that may be of any size.
 */
const acrossOf = ({ axis, x }: Figure): Range => (isMeasured(axis) ? [0, 1] : x);
const isMeasured = (axis: XAxis): boolean => axis.startsWith("metric:");

/** At which shares of the plot ticks lie. */
function sharesOf(ticks: readonly number[], range: Range, isLog: boolean): number[] {
  const scale = scaleOf(range, 0, 1, isLog);
  return ticks.map((tick) => placeOf(scale, tick));
}

const ticksAcross = ({ x: [low, high] }: Figure, plot: uPlot): number[] => evenTicks(low, high, plot.width / spaceAcross(plot));

function ticksUp({ y: [low, high], isLog }: Figure, plot: uPlot): number[] {
  return isLog ? logTicks(low, high, plot.height / 40) : evenTicks(low, high, (plot.height - AXIS_PX) / spaceUp(plot));
}

const AXIS_PX = 26;
const spaceAcross = ({ width }: uPlot): number => Math.max(44, width / 6);
const spaceUp = ({ height }: uPlot): number => Math.max(24, height / 5);

function options(element: HTMLElement, shown: Shown): uPlot.Options {
  const { axis } = shown.figure;
  const shared = { stroke: () => colours().muted, font: FONT, ticks: { show: false }, gap: 4 };
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    cursor: { show: false },
    padding: [6, 14, 0, 0], // half a label stands beyond the last tick
    scales: {
      x: { time: axis === "time", range: () => [...acrossOf(shown.figure)] as [number, number] },
      y: { range: () => [0, 1] },
    },
    ms: 1,
    series: [{}, { paths: () => null, points: { show: false } }],
    axes: [
      {
        ...shared,
        grid: { show: false },
        size: 20,
        space: spaceAcross,
        ...(axis === "step" ? { incrs: STEP_STEPS } : axis === "relative_time" ? { incrs: DURATION_STEPS } : {}),
        ...(isMeasured(axis) ? { splits: (plot: uPlot) => sharesOf(ticksAcross(shown.figure, plot), shown.figure.x, false) } : {}),
        ...(axis === "time" ? {} : { values: (plot, splits) => xTicks(axis, isMeasured(axis) ? ticksAcross(shown.figure, plot) : splits) }),
      },
      {
        ...shared,
        grid: { stroke: () => colours().line, width: 1 },
        size: (_plot, values) => widest(values) + 12,
        splits: (plot: uPlot) => sharesOf(ticksUp(shown.figure, plot), shown.figure.y, shown.figure.isLog),
        space: spaceUp,
        values: (plot) => measureTicks(shown.figure.metric, ticksUp(shown.figure, plot)),
      },
    ],
    hooks: { draw: [(plot) => drawLines(plot, shown, colours())] },
  };
}

const widest = (values: readonly (string | null)[] | null) =>
  Math.ceil(Math.max(3, ...(values ?? []).map((text) => text?.length ?? 0)) * 6.1);

/** Where a value lies on the canvas: what is `from` at `start`, and so many pixels further for each unit, or each decade. */
type Scale = { from: number; start: number; factor: number; isLog: boolean };

function drawLines(plot: uPlot, { figure, highlight: strong }: Shown, paint: Colours): void {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  // a dot on the edge is whole
  ctx.rect(bbox.left - EDGE_PX * ratio, bbox.top - ratio, bbox.width + 2 * EDGE_PX * ratio, bbox.height + 2 * ratio);
  ctx.clip();
  // a round join is an arc at each point; at these widths nobody sees another
  ctx.lineJoin = "bevel";
  const toX = scaleOf(figure.x, bbox.left, bbox.width, false);
  const toY = scaleOf(figure.y, bbox.top + bbox.height, -bbox.height, figure.isLog);
  for (const line of figure.superseded) {
    ctx.strokeStyle = ctx.fillStyle = hueOf(paint, line.hue);
    ctx.globalAlpha = FAINT * (strong === null || line.run === strong ? 1 : 0.3);
    stroke(ctx, line, line.y, toX, toY, figure.x, 1 * ratio, ratio);
  }
  const ordered = strong === null ? figure.lines : [...figure.lines].sort((a, b) => Number(a.run === strong) - Number(b.run === strong));
  for (const line of ordered) {
    const isStrong = line.run === strong;
    const alpha = strong === null || isStrong ? 1 : 0.3;
    ctx.strokeStyle = ctx.fillStyle = hueOf(paint, line.hue);
    if (line.band !== null) {
      ctx.globalAlpha = 0.15 * alpha;
      fill(ctx, line, line.band, toX, toY, bbox.top + bbox.height);
    }
    if (line.raw !== null && figure.hasRaw) {
      ctx.globalAlpha = 0.25 * alpha;
      stroke(ctx, line, line.raw, toX, toY, figure.x, 1 * ratio, ratio);
    }
    ctx.globalAlpha = alpha;
    const alone = stroke(ctx, line, line.y, toX, toY, figure.x, (isStrong ? 2.5 : 1.5) * ratio, ratio);
    drawDots(ctx, line, alone, toX, toY, ratio);
    drawMarks(ctx, line, toX, bbox, ratio);
    for (const { x, isUp } of line.outside) drawArrow(ctx, placeOf(toX, x), isUp, bbox, ratio);
  }
  ctx.restore();
}

/** Beyond an end of the plot so much is drawn still. */
const EDGE_PX = 4;

const scaleOf = ([from, to]: Range, start: number, length: number, isLog: boolean): Scale =>
  isLog ? { from: Math.log10(from), start, factor: length / (Math.log10(to) - Math.log10(from)), isLog } : { from, start, factor: length / (to - from), isLog };

/** What a log axis cannot show is nowhere: it breaks the line, and the tile's note counts it. */
const placeOf = ({ from, start, factor, isLog }: Scale, value: number): number => start + ((isLog ? (value > 0 ? Math.log10(value) : NaN) : value) - from) * factor;

/** Draws what lies in the range and on to the next points beyond it; answers the places of points that are no line by themselves. */
function stroke(ctx: CanvasRenderingContext2D, { x, dash }: Line, values: Float64Array, toX: Scale, toY: Scale, range: Range, width: number, ratio: number): number[] {
  const pattern = DASHES[dash] ?? [];
  ctx.lineWidth = width;
  if (pattern.length > 0) ctx.setLineDash(pattern.map((length) => length * ratio));
  const [first, behind] = between(x, wider(range, toX, ratio));
  const end = Math.min(values.length, behind + 1);
  const alone: number[] = [];
  let length = 0;
  ctx.beginPath();
  for (let index = Math.max(0, first - 1); index < end; index += 1) {
    const height = placeOf(toY, values[index] ?? NaN);
    if (Number.isNaN(height)) {
      if (length === 1) alone.push(index - 1);
      length = 0;
      continue;
    }
    const across = placeOf(toX, x[index] ?? 0);
    if (length === 0) ctx.moveTo(across, height);
    else ctx.lineTo(across, height);
    length += 1;
  }
  if (length === 1) alone.push(end - 1);
  ctx.stroke();
  if (pattern.length > 0) ctx.setLineDash([]);
  return alone;
}

const wider = ([from, to]: Range, { factor }: Scale, ratio: number): Range => [from - (EDGE_PX * ratio) / factor, to + (EDGE_PX * ratio) / factor];

/** The area between the least and the greatest values; what a log axis cannot show is on its lower edge. */
function fill(ctx: CanvasRenderingContext2D, { x }: Line, band: Band, toX: Scale, toY: Scale, bottom: number): void {
  const corner = (index: number, heights: Float64Array) => {
    const height = placeOf(toY, heights[index] ?? NaN);
    ctx.lineTo(placeOf(toX, x[index] ?? 0), Number.isNaN(height) ? bottom : height);
  };
  for (const [start, end] of bandPieces(band)) {
    ctx.beginPath();
    for (let index = start; index < end; index += 1) corner(index, band.high);
    for (let index = end - 1; index >= start; index -= 1) corner(index, band.low);
    ctx.fill();
  }
}

/** A point between two gaps would be no line at all; the last point of a running run says that there will be more. */
function drawDots(ctx: CanvasRenderingContext2D, { x, y, isLive }: Line, alone: readonly number[], toX: Scale, toY: Scale, ratio: number): void {
  const head = isLive ? y.findLastIndex((value) => !Number.isNaN(value)) : -1;
  for (const index of head === -1 ? alone : [...alone, head]) {
    ctx.beginPath();
    ctx.arc(placeOf(toX, x[index] ?? 0), placeOf(toY, y[index] ?? NaN), 3 * ratio, 0, 2 * Math.PI);
    ctx.fill();
  }
}

/** NaN is a hollow ring on the lower edge, an infinity an arrow at the edge that it left through. */
function drawMarks(ctx: CanvasRenderingContext2D, line: Line, toX: Scale, bbox: uPlot.BBox, ratio: number): void {
  const size = 4 * ratio;
  ctx.lineWidth = 1.5 * ratio;
  for (const mark of line.marks) {
    const across = placeOf(toX, mark.x);
    if (across < bbox.left || across > bbox.left + bbox.width) continue;
    ctx.beginPath();
    if (mark.kind === "nan") {
      ctx.arc(across, bbox.top + bbox.height - size, size * 0.8, 0, 2 * Math.PI);
      ctx.stroke();
      continue;
    }
    drawArrow(ctx, across, mark.kind === "inf", bbox, ratio);
  }
}

/** A triangle that points out of the edge through which a line leaves. */
function drawArrow(ctx: CanvasRenderingContext2D, across: number, isUp: boolean, { top, height }: uPlot.BBox, ratio: number): void {
  const size = 4 * ratio;
  const tip = isUp ? top : top + height;
  const base = isUp ? tip + 1.6 * size : tip - 1.6 * size;
  ctx.beginPath();
  ctx.moveTo(across, tip);
  ctx.lineTo(across - size, base);
  ctx.lineTo(across + size, base);
  ctx.fill();
}
