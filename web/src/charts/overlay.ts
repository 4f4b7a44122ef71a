/**
 * The transparent layer over a tile: it draws the cursor, takes the pointer, and lets one drag a range of x.
 *
 * It moves elements by `transform` and asks the figure for values; the chart engine is not called.
 */

import { type Hover, cursor, spotlight } from "./cursor";
import { type Figure, type Range, type Reading, readingsAt } from "./figure";
import styles from "./overlay.module.css";
import { type PlotArea, range } from "./tile";
import { formatMeasure } from "./units";

export type OverlayOptions = { figure: () => Figure | null; onZoom: (x: Range) => void; onReset: () => void; onEnter: () => void };

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
  let dragFrom: number | null = null;

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
    if (dragFrom !== null) {
      drawSelection(selection, area, dragFrom, at.x);
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
    dragFrom = pointIn(host, event).x;
    host.setPointerCapture(event.pointerId);
  };

  const onUp = (event: PointerEvent) => {
    const area = range(host);
    const from = dragFrom;
    dragFrom = null;
    selection.hidden = true;
    if (from === null || area === null) return;
    const to = pointIn(host, event).x;
    if (Math.abs(to - from) < LEAST_DRAG_PX) return;
    const [low, high] = [Math.min(from, to), Math.max(from, to)].map((px) => xOf(Math.min(area.width, Math.max(0, px - area.left)), area));
    if (low === undefined || high === undefined || low >= high) return;
    // what is under the pointer will be another moment
    cursor.set(null);
    options.onZoom([low, high]);
  };

  const onKey = (event: KeyboardEvent) => {
    const area = range(host);
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined || area === null || options.figure() === null) return;
    event.preventDefault();
    const now = cursor.get();
    const step = (area.x[1] - area.x[0]) / KEY_STEPS;
    const x = now?.source === host ? Math.min(area.x[1], Math.max(area.x[0], now.x + by * step)) : by > 0 ? area.x[0] : area.x[1];
    const box = host.getBoundingClientRect();
    cursor.set({ x, source: host, clientX: box.left + area.left + acrossOf(x, area), clientY: box.top + area.top, isPinned: false, isByKey: true });
  };

  const onLeave = () => {
    if (dragFrom !== null) return;
    if (cursor.get()?.isPinned !== true) spotlight.set(null);
    cursor.leave(host);
  };

  const controller = new AbortController();
  const { signal } = controller;
  host.addEventListener("pointerenter", options.onEnter, { signal });
  host.addEventListener("pointermove", onMove, { signal });
  host.addEventListener("pointerdown", onDown, { signal });
  host.addEventListener("pointerup", onUp, { signal });
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

function pointIn(host: HTMLElement, event: PointerEvent): { x: number; y: number } {
  const box = host.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

export const acrossOf = (x: number, area: PlotArea) => ((x - area.x[0]) / (area.x[1] - area.x[0])) * area.width;
export const xOf = (across: number, area: PlotArea) => area.x[0] + (across / area.width) * (area.x[1] - area.x[0]);

/** Eight pixels, as a distance of x. */
export const reachOf = (area: PlotArea) => ((area.x[1] - area.x[0]) / area.width) * 8;

function heightOf(value: number, area: PlotArea): number {
  const scale = area.isLog ? Math.log10 : (height: number) => height;
  const [low, high] = [scale(area.y[0]), scale(area.y[1])];
  return area.height * (1 - (scale(value) - low) / (high - low));
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

function drawSelection(element: HTMLElement, area: PlotArea, from: number, to: number): void {
  const low = Math.max(area.left, Math.min(from, to));
  const high = Math.min(area.left + area.width, Math.max(from, to));
  element.hidden = high <= low;
  element.style.left = `${String(low)}px`;
  element.style.width = `${String(Math.max(0, high - low))}px`;
  element.style.top = `${String(area.top)}px`;
  element.style.height = `${String(area.height)}px`;
}
