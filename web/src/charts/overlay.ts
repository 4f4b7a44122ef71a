/**
 * The transparent layer over a tile: it draws the cursor, takes the pointer and the keys, and lets one drag a range of x,
 * with Shift one of y, and with Alt the chart itself.
 *
 * It moves elements by `transform` and asks the figure for values; the chart engine is not called.
 */

import { type Hover, cursor, spotlight } from "./cursor";
import { type Figure, type Range, type Reading, nearest, readingsAt } from "./figure";
import styles from "./overlay.module.css";
import { type PlotArea, range, shift } from "./tile";
import { formatMeasure } from "./units";

export type OverlayOptions = {
  figure: () => Figure | null;
  onZoom: (x: Range) => void;
  /** What is not given is not offered: such a drag zooms x. */
  onZoomY?: (y: Range) => void;
  onPan?: (x: Range, y: Range) => void;
  onReset: () => void;
  onEnter: () => void;
};

type Point = { x: number; y: number };
type Drag = { from: Point; kind: "x" | "y" | "pan" };

/** A pointer that is nearer to a line than this is meant to be on it. */
const NEAR_PX = 24;
const LEAST_DRAG_PX = 6;
/** With the arrow keys one crosses a chart in so many steps. */
const KEY_STEPS = 50;

/** Puts the layer over `host`, and answers how to take it away. */
export function attachOverlay(host: HTMLElement, options: OverlayOptions): () => void {
  const line = child(host, "line");
  const selection = child(host, "selection");
  const readout = child(host, "readout");
  let drag: Drag | null = null;

  const show = (hover: Hover) => {
    const area = hover === null ? null : range(host);
    const figure = options.figure();
    if (hover === null || area === null || figure === null || hover.x < area.x[0] || hover.x > area.x[1]) {
      line.hidden = readout.hidden = true;
      return;
    }
    line.hidden = false;
    line.style.transform = `translateX(${String(Math.round(area.left + acrossOf(hover.x, area)))}px)`;
    line.style.top = `${String(area.top)}px`;
    line.style.height = `${String(area.height)}px`;
    const run = spotlight.get();
    const reading = run === null || hover.source === host ? undefined : readingsAt(figure, hover.x, reachOf(area)).find((one) => one.line.run === run);
    readout.hidden = reading === undefined;
    if (reading !== undefined) readout.textContent = formatMeasure(figure.metric, reading.value);
  };

  const onMove = (event: PointerEvent) => {
    const area = range(host);
    const figure = options.figure();
    if (area === null || figure === null) return;
    const at = pointIn(host, event);
    if (drag !== null) {
      if (drag.kind === "pan") shift(host, { x: at.x - drag.from.x, y: at.y - drag.from.y });
      else drawSelection(selection, area, drag, at);
      return;
    }
    if (cursor.get()?.isPinned === true) return;
    const across = at.x - area.left;
    if (across < -4 || across > area.width + 4) {
      cursor.leave(host);
      return;
    }
    const x = xOf(Math.min(area.width, Math.max(0, across)), area);
    spotlight.set(nearestRun(readingsAt(figure, x, reachOf(area)), at.y - area.top, area));
    cursor.set({ x, source: host, clientX: event.clientX, clientY: event.clientY, isPinned: false });
  };

  const onDown = (event: PointerEvent) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    drag = { from: pointIn(host, event), kind: event.shiftKey && options.onZoomY !== undefined ? "y" : event.altKey && options.onPan !== undefined ? "pan" : "x" };
    host.setPointerCapture(event.pointerId);
  };

  const onUp = (event: PointerEvent) => {
    const area = range(host);
    const ended = drag;
    drag = null;
    selection.hidden = true;
    shift(host, null);
    if (ended === null || area === null) return;
    const { from, kind } = ended;
    const to = pointIn(host, event);
    if (Math.max(kind === "y" ? 0 : Math.abs(to.x - from.x), kind === "x" ? 0 : Math.abs(to.y - from.y)) < LEAST_DRAG_PX) return;
    // what is under the pointer will be another moment
    cursor.set(null);
    if (kind === "x") options.onZoom(spanBetween(from.x - area.left, to.x - area.left, area.width, (px) => xOf(px, area)));
    else if (kind === "y") options.onZoomY?.(spanBetween(from.y - area.top, to.y - area.top, area.height, (px) => valueAt(px, area)));
    else {
      options.onPan?.(
        [xOf(from.x - to.x, area), xOf(area.width + from.x - to.x, area)],
        [valueAt(area.height + from.y - to.y, area), valueAt(from.y - to.y, area)],
      );
    }
  };

  const onCancel = () => {
    drag = null;
    selection.hidden = true;
    shift(host, null);
  };

  const moveTo = (x: number, area: PlotArea) => {
    const box = host.getBoundingClientRect();
    cursor.set({ x, source: host, clientX: box.left + area.left + acrossOf(x, area), clientY: box.top + area.top, isPinned: false, isByKey: true });
  };

  const onKey = (event: KeyboardEvent) => {
    const area = range(host);
    const figure = options.figure();
    if (area === null || figure === null || event.altKey || event.ctrlKey || event.metaKey) return;
    const now = cursor.get();
    const isInside = now?.source === host;
    const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const down = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "Escape" && isInside) {
      spotlight.set(null);
      cursor.set(null);
    } else if (event.key === "Enter" && !isInside) moveTo(area.x[1], area);
    else if (across !== undefined) moveTo(isInside ? nextX(figure, now.x, across, area) : across > 0 ? area.x[0] : area.x[1], area);
    else if (down !== undefined && isInside) {
      spotlight.set(nextRun(readingsAt(figure, now.x, reachOf(area)), down));
      moveTo(now.x, area);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const onLeave = () => {
    if (drag !== null) return;
    if (cursor.get()?.isPinned !== true) spotlight.set(null);
    cursor.leave(host);
  };

  const controller = new AbortController();
  const { signal } = controller;
  host.addEventListener("pointerenter", options.onEnter, { signal });
  host.addEventListener("pointermove", onMove, { signal });
  host.addEventListener("pointerdown", onDown, { signal });
  host.addEventListener("pointerup", onUp, { signal });
  host.addEventListener("pointercancel", onCancel, { signal });
  host.addEventListener("pointerleave", onLeave, { signal });
  host.addEventListener("keydown", onKey, { signal });
  host.addEventListener("blur", () => { cursor.leave(host); }, { signal });
  host.addEventListener("dblclick", options.onReset, { signal });
  const unwatch = cursor.watch(show);
  return () => {
    controller.abort();
    unwatch();
    cursor.leave(host);
    for (const element of [line, selection, readout]) element.remove();
  };
}

function child(host: HTMLElement, name: string): HTMLElement {
  const element = document.createElement("div");
  element.className = styles[name] ?? "";
  element.hidden = true;
  element.setAttribute("aria-hidden", "true");
  host.append(element);
  return element;
}

function pointIn(host: HTMLElement, event: PointerEvent): Point {
  const box = host.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

export const acrossOf = (x: number, area: PlotArea) => ((x - area.x[0]) / (area.x[1] - area.x[0])) * area.width;
export const xOf = (across: number, area: PlotArea) => area.x[0] + (across / area.width) * (area.x[1] - area.x[0]);

/** What lies between two pixels of a plot of this length, in order. */
function spanBetween(from: number, to: number, length: number, valueOf: (px: number) => number): Range {
  const [a, b] = [from, to].map((px) => valueOf(Math.min(length, Math.max(0, px))));
  return [Math.min(a ?? 0, b ?? 0), Math.max(a ?? 0, b ?? 0)];
}

/** The next moment for a key: a step across the chart, and at least to another point of the line that one is on. */
function nextX(figure: Figure, x: number, by: number, area: PlotArea): number {
  const goal = x + (by * (area.x[1] - area.x[0])) / KEY_STEPS;
  const line = figure.lines.find(({ run }) => run === spotlight.get()) ?? figure.lines[0];
  const at = line === undefined ? -1 : nearest(line.x, x);
  const beside = line?.x[at + by];
  const next = line !== undefined && beside !== undefined && (beside - goal) * by > 0 ? beside : goal;
  return Math.min(area.x[1], Math.max(area.x[0], next));
}

/** The run above or below in the order of the tooltip; the first one where none is chosen. */
function nextRun(readings: readonly Reading[], by: number): string | null {
  const at = readings.findIndex(({ line }) => line.run === spotlight.get());
  const next = at === -1 ? 0 : Math.min(readings.length - 1, Math.max(0, at + by));
  return readings[next]?.line.run ?? null;
}

/** Eight pixels, as a distance of x. */
export const reachOf = (area: PlotArea) => ((area.x[1] - area.x[0]) / area.width) * 8;

function heightOf(value: number, area: PlotArea): number {
  const scale = area.isLog ? Math.log10 : (height: number) => height;
  const [low, high] = [scale(area.y[0]), scale(area.y[1])];
  return area.height * (1 - (scale(value) - low) / (high - low));
}

/** The value at so many pixels below the top of the plot. */
function valueAt(down: number, area: PlotArea): number {
  const scale = area.isLog ? Math.log10 : (height: number) => height;
  const [low, high] = [scale(area.y[0]), scale(area.y[1])];
  const height = low + (high - low) * (1 - down / area.height);
  return area.isLog ? 10 ** height : height;
}

function nearestRun(readings: readonly Reading[], down: number, area: PlotArea): string | null {
  let best: string | null = null;
  let least = NEAR_PX;
  for (const { line, value } of readings) {
    const distance = Math.abs(heightOf(value, area) - down);
    if (distance < least) {
      least = distance;
      best = line.run;
    }
  }
  return best;
}

function drawSelection(element: HTMLElement, area: PlotArea, { from, kind }: Drag, to: Point): void {
  const [left, width] = kind === "x" ? between(from.x, to.x, area.left, area.width) : [area.left, area.width];
  const [top, height] = kind === "y" ? between(from.y, to.y, area.top, area.height) : [area.top, area.height];
  element.hidden = width <= 0 || height <= 0;
  element.style.left = `${String(left)}px`;
  element.style.width = `${String(width)}px`;
  element.style.top = `${String(top)}px`;
  element.style.height = `${String(height)}px`;
}

/** Where a selection begins and how long it is, inside of the plot. */
function between(from: number, to: number, start: number, length: number): [number, number] {
  const low = Math.max(start, Math.min(from, to));
  return [low, Math.min(start + length, Math.max(from, to)) - low];
}
