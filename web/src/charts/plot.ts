/** Draws a figure large. The only module that touches Plotly, which is fetched when the first chart is enlarged. */

import Plotly from "plotly.js-cartesian-dist-min";
import { colours } from "./colours";
import type { Figure, Range } from "./figure";
import { CONFIG, chosenRange, plotFigure } from "./plotFigure";

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
  const plotted = element as Awaited<ReturnType<typeof Plotly.react>>;
  plotted.on("plotly_relayout", (change) => {
    const figure = shown.get(element);
    const chosen = figure === undefined ? null : chosenRange(figure, change);
    if (chosen !== null) callback(chosen);
  });
  plotted.on("plotly_doubleclick", () => { callback(null); });
}

/** The chart as it is on the screen, twice as sharp, as a data address. */
export const picture = (element: HTMLElement): Promise<string> =>
  Plotly.toImage(element, { format: "png", width: element.clientWidth, height: element.clientHeight, scale: 2 });
