/** Draws a figure large. The only module that touches Plotly, which is fetched when the first chart is enlarged. */

import Plotly, { type Picked } from "plotly.js-cartesian-dist-min";
import { colours } from "./colours";
import type { Figure, Range } from "./figure";
import { CONFIG, type PlotData, asNumber, chosenRange, plotFigure } from "./plotFigure";

type Plotted = Awaited<ReturnType<typeof Plotly.react>>;

const shown = new WeakMap<HTMLElement, Figure>();

export async function draw(element: HTMLElement, figure: Figure): Promise<void> {
  const { data, layout } = plotFigure(figure, colours());
  shown.set(element, figure);
  await Plotly.react(element, data, { ...layout, width: element.clientWidth, height: element.clientHeight }, CONFIG);
}

export const update = draw;

export const range = (element: HTMLElement): Range | null => shown.get(element)?.x ?? null;

export function remove(element: HTMLElement): void {
  if (!shown.delete(element)) return;
  Plotly.purge(element);
}

/** Calls back with the range of x that one drags, and with null for a double click. Call it after the first `draw`. */
export function onZoom(element: HTMLElement, callback: (range: Range | null) => void): void {
  const plotted = element as Plotted;
  plotted.on("plotly_relayout", (change) => {
    const figure = shown.get(element);
    const chosen = figure === undefined ? null : chosenRange(figure, change);
    if (chosen !== null) callback(chosen);
  });
  plotted.on("plotly_doubleclick", () => { callback(null); });
}

/** Draws what is no figure of lines, as its panel has put it into Plotly's words. */
export async function drawPlot(element: HTMLElement, { data, layout }: PlotData): Promise<void> {
  await Plotly.react(element, data, { ...layout, width: element.clientWidth, height: element.clientHeight }, CONFIG);
}

export const removePlot = (element: HTMLElement): void => { Plotly.purge(element); };

/** What one does with the points of the first trace: each is told by its place in it. */
export type PointActions = { onHover: (place: number | null) => void; onClick: (place: number) => void; onSelect: (places: number[]) => void };

/** Call it once, after the first `drawPlot`. */
export function onPoints(element: HTMLElement, { onHover, onClick, onSelect }: PointActions): void {
  const plotted = element as Plotted;
  const ofFirst = (points: readonly Picked[]) => points.filter(({ curveNumber }) => curveNumber === 0).map(({ pointNumber }) => pointNumber);
  plotted.on("plotly_hover", ({ points }) => { onHover(ofFirst(points)[0] ?? null); });
  plotted.on("plotly_unhover", () => { onHover(null); });
  plotted.on("plotly_click", ({ points }) => {
    const [place] = ofFirst(points);
    if (place !== undefined) onClick(place);
  });
  plotted.on("plotly_selected", (event) => { if (event !== undefined) onSelect(ofFirst(event.points)); });
  plotted.on("plotly_deselect", () => { onSelect([]); });
}

/** Where a point stands on the element, in pixels; null outside of what is shown, or before anything is. */
export function positionOn(element: HTMLElement, x: number, y: number): { left: number; top: number } | null {
  const axes = (element as Plotted)._fullLayout;
  if (axes === undefined) return null;
  const [across, up] = [axes.xaxis.d2p(x), axes.yaxis.d2p(y)];
  const isInside = across >= 0 && across <= axes.xaxis._length && up >= 0 && up <= axes.yaxis._length;
  return isInside ? { left: axes.xaxis._offset + across, top: axes.yaxis._offset + up } : null;
}

/** Calls back with the x under the pointer, and with null when it is elsewhere. Call it after the first `draw`. */
export function onHover(element: HTMLElement, callback: (x: number | null) => void): void {
  const plotted = element as Plotted;
  plotted.on("plotly_hover", ({ points }) => {
    const figure = shown.get(element);
    const at = points[0]?.x;
    callback(figure === undefined ? null : asNumber(figure, at));
  });
  plotted.on("plotly_unhover", () => { callback(null); });
}

/** The chart as it is on the screen, as a data address; one of pixels is twice as sharp. */
export const picture = (element: HTMLElement, format: "png" | "svg"): Promise<string> =>
  Plotly.toImage(element, { format, width: element.clientWidth, height: element.clientHeight, scale: format === "png" ? 2 : 1 });
