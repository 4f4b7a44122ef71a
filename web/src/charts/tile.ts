/**
 * Draws a figure small, many on a page. The only module that touches uPlot.
 *
 * uPlot keeps the canvas, the scales and the axes. The lines are drawn here, because each run has an x of its own:
 * joined to one common x, twenty runs would become a table of mostly nothing.
 */

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Colours, DASHES, colours, hueOf } from "./colours";
import { type Band, FAINT, type Figure, type Line, type Range, bandPieces } from "./figure";
import { DURATION_STEPS, STEP_STEPS, logTicks, xTick } from "./ticks";
import { formatMeasure } from "./units";

/** Where the plot lies inside its element, in CSS pixels, and what it spans. */
export type PlotArea = { left: number; top: number; width: number; height: number; x: Range; y: Range; isLog: boolean };

type Shown = { figure: Figure; highlight: string | null };

const tiles = new WeakMap<HTMLElement, { plot: uPlot; shown: Shown }>();
const FONT = "11px system-ui, sans-serif";

export function draw(element: HTMLElement, figure: Figure): void {
  remove(element);
  const shown: Shown = { figure, highlight: null };
  tiles.set(element, { plot: new uPlot(options(element, shown), frame(figure), element), shown });
}

/** Shows another figure in the same tile; the canvas stays. */
export function update(element: HTMLElement, figure: Figure): void {
  const tile = tiles.get(element);
  if (tile === undefined || tile.shown.figure.isLog !== figure.isLog || tile.shown.figure.axis !== figure.axis) {
    draw(element, figure);
    return;
  }
  tile.shown.figure = figure;
  tile.plot.setData(frame(figure));
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
  if (size.width !== tile.plot.width || size.height !== tile.plot.height) tile.plot.setSize(size);
}

/** Draws one run stronger and the others fainter; null takes it back. */
export function highlight(element: HTMLElement, run: string | null): void {
  const tile = tiles.get(element);
  if (tile === undefined || tile.shown.highlight === run) return;
  tile.shown.highlight = run;
  tile.plot.redraw(false, false);
}

/** The picture follows the hand by so many pixels, until it is drawn where it was let go; null takes it back. */
export function shift(element: HTMLElement, by: { x: number; y: number } | null): void {
  const root = tiles.get(element)?.plot.root;
  if (root !== undefined) root.style.transform = by === null ? "" : `translate(${String(by.x)}px, ${String(by.y)}px)`;
}

/** uPlot needs data to have scales; two corners are enough, since the lines are drawn here. */
const frame = (figure: Figure): uPlot.AlignedData => [[...figure.x], [...figure.y]];

function options(element: HTMLElement, shown: Shown): uPlot.Options {
  const { axis, isLog } = shown.figure;
  const shared = { stroke: () => colours().muted, font: FONT, ticks: { show: false }, gap: 4 };
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    cursor: { show: false },
    padding: [6, 14, 0, 0], // half a label stands beyond the last tick
    scales: {
      x: { time: axis === "time", range: () => [...shown.figure.x] as [number, number] },
      y: { distr: isLog ? 3 : 1, range: () => [...shown.figure.y] as [number, number] },
    },
    ms: 1,
    series: [{}, { paths: () => null, points: { show: false } }],
    axes: [
      {
        ...shared,
        grid: { show: false },
        size: 20,
        space: (plot) => Math.max(44, plot.width / 6),
        ...(axis === "step" ? { incrs: STEP_STEPS } : axis === "relative_time" ? { incrs: DURATION_STEPS } : {}),
        ...(axis === "time" ? {} : { values: (_plot, splits) => splits.map((at) => xTick(axis, at)) }),
      },
      {
        ...shared,
        grid: { stroke: () => colours().line, width: 1 },
        size: (_plot, values) => widest(values) + 12,
        ...(isLog ? { splits: (plot: uPlot) => logTicks(shown.figure.y[0], shown.figure.y[1], plot.height / 40), filter: (_plot: uPlot, splits: number[]) => splits } : {}),
        space: (plot) => Math.max(24, plot.height / 5),
        values: (_plot, splits) => splits.map((at) => (at === null ? null : formatMeasure(shown.figure.metric, at))) as string[],
      },
    ],
    hooks: { draw: [(plot) => drawLines(plot, shown, colours())] },
  };
}

const widest = (values: readonly (string | null)[] | null) =>
  Math.ceil(Math.max(3, ...(values ?? []).map((text) => text?.length ?? 0)) * 6.1);

type Scale = (value: number) => number;

function drawLines(plot: uPlot, { figure, highlight: strong }: Shown, paint: Colours): void {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  // a dot on the edge is whole
  ctx.rect(bbox.left - 4 * ratio, bbox.top - ratio, bbox.width + 8 * ratio, bbox.height + 2 * ratio);
  ctx.clip();
  ctx.lineJoin = "round";
  const toX = linear(figure.x, bbox.left, bbox.width);
  const toY = upwards(figure, bbox);
  for (const line of figure.superseded) {
    ctx.strokeStyle = ctx.fillStyle = hueOf(paint, line.hue);
    ctx.globalAlpha = FAINT * (strong === null || line.run === strong ? 1 : 0.3);
    stroke(ctx, line, line.y, toX, toY, 1 * ratio, ratio);
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
      stroke(ctx, line, line.raw, toX, toY, 1 * ratio, ratio);
    }
    ctx.globalAlpha = alpha;
    stroke(ctx, line, line.y, toX, toY, (isStrong ? 2.5 : 1.5) * ratio, ratio);
    drawDots(ctx, line, toX, toY, ratio);
    drawMarks(ctx, line, toX, bbox, ratio);
    for (const { x, isUp } of line.outside) drawArrow(ctx, toX(x), isUp, bbox, ratio);
  }
  ctx.restore();
}

const linear = ([from, to]: Range, start: number, length: number): Scale => {
  const factor = length / (to - from);
  return (value) => start + (value - from) * factor;
};

function upwards({ y: [from, to], isLog }: Figure, bbox: uPlot.BBox): Scale {
  const bottom = bbox.top + bbox.height;
  if (!isLog) return linear([from, to], bottom, -bbox.height);
  const scale = linear([Math.log10(from), Math.log10(to)], bottom, -bbox.height);
  // what a log axis cannot show breaks the line, and the tile's note counts it
  return (value) => (value > 0 ? scale(Math.log10(value)) : NaN);
}

function stroke(ctx: CanvasRenderingContext2D, line: Line, values: Float64Array, toX: Scale, toY: Scale, width: number, ratio: number): void {
  ctx.lineWidth = width;
  ctx.setLineDash((DASHES[line.dash] ?? []).map((length) => length * ratio));
  ctx.beginPath();
  let isDown = false;
  for (let index = 0; index < values.length; index += 1) {
    const height = toY(values[index] ?? NaN);
    if (Number.isNaN(height)) {
      isDown = false;
      continue;
    }
    const across = toX(line.x[index] ?? 0);
    if (isDown) ctx.lineTo(across, height);
    else ctx.moveTo(across, height);
    isDown = true;
  }
  ctx.stroke();
  ctx.setLineDash([]);
}

/** The area between the least and the greatest values; what a log axis cannot show is on its lower edge. */
function fill(ctx: CanvasRenderingContext2D, { x }: Line, band: Band, toX: Scale, toY: Scale, bottom: number): void {
  const corner = (index: number, heights: Float64Array) => {
    const height = toY(heights[index] ?? NaN);
    ctx.lineTo(toX(x[index] ?? 0), Number.isNaN(height) ? bottom : height);
  };
  for (const [start, end] of bandPieces(band)) {
    ctx.beginPath();
    for (let index = start; index < end; index += 1) corner(index, band.high);
    for (let index = end - 1; index >= start; index -= 1) corner(index, band.low);
    ctx.fill();
  }
}

/** A point between two gaps would be no line at all; the last point of a running run says that there will be more. */
function drawDots(ctx: CanvasRenderingContext2D, line: Line, toX: Scale, toY: Scale, ratio: number): void {
  const { x, y } = line;
  const isPoint = (index: number) => !Number.isNaN(y[index] ?? NaN);
  const last = y.findLastIndex((value) => !Number.isNaN(value));
  for (let index = 0; index < y.length; index += 1) {
    const value = y[index] ?? NaN;
    if (Number.isNaN(value)) continue;
    const isAlone = !isPoint(index - 1) && !isPoint(index + 1);
    const isHead = line.isLive && index === last;
    if (!isAlone && !isHead) continue;
    ctx.beginPath();
    ctx.arc(toX(x[index] ?? 0), toY(value), 3 * ratio, 0, 2 * Math.PI);
    ctx.fill();
  }
}

/** NaN is a hollow ring on the lower edge, an infinity an arrow at the edge that it left through. */
function drawMarks(ctx: CanvasRenderingContext2D, line: Line, toX: Scale, bbox: uPlot.BBox, ratio: number): void {
  const size = 4 * ratio;
  ctx.lineWidth = 1.5 * ratio;
  for (const mark of line.marks) {
    const across = toX(mark.x);
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
