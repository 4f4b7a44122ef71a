/** A figure as a picture of its own: SVG text with the figure's lines, gaps and axes. Pure; all text in it is escaped. */

import { type Figure, type Line, axisName } from "../charts/figure";
import { formatNumber } from "../format";

export const escapeText = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => `&#${String(sign.charCodeAt(0))};`);

const WIDTH = 420;
const HEIGHT = 240;
const LEFT = 56;
const BOTTOM = 24;
const TOP = 8;
const DASHES = ["", "6 4", "2 4"];

type Place = { x: (value: number) => number; y: (value: number) => number };

export function figureAsSvg(figure: Figure): string {
  const place = placeOf(figure);
  const lines = [...figure.superseded.map((line) => path(line, place, 0.35)), ...figure.lines.map((line) => path(line, place, 1))];
  const name = `${figure.metric} over ${axisName(figure.axis)}`;
  return `<svg viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" role="img" aria-label="${escapeText(name)}">${axes(figure, place)}${lines.join("")}</svg>`;
}

function placeOf({ x, y, isLog }: Figure): Place {
  const height = isLog ? Math.log10 : (value: number) => value;
  const [low, high] = [height(y[0]), height(y[1])];
  const span = x[1] - x[0];
  return {
    x: (value) => LEFT + (span === 0 ? 0.5 : (value - x[0]) / span) * (WIDTH - LEFT - 8),
    y: (value) => HEIGHT - BOTTOM - ((height(value) - low) / (high - low)) * (HEIGHT - BOTTOM - TOP),
  };
}

function axes({ x, y, axis }: Figure, place: Place): string {
  const label = (across: number, down: number, text: string, anchor: string) =>
    `<text x="${String(across)}" y="${String(down)}" text-anchor="${anchor}">${escapeText(text)}</text>`;
  const levels = y.map((value) => `<line x1="${String(LEFT)}" x2="${String(WIDTH - 8)}" y1="${fixed(place.y(value))}" y2="${fixed(place.y(value))}"/>`);
  return [
    ...levels,
    label(LEFT - 6, place.y(y[0]), formatNumber(y[0]), "end"),
    label(LEFT - 6, place.y(y[1]) + 8, formatNumber(y[1]), "end"),
    label(LEFT, HEIGHT - 6, axis === "time" ? new Date(x[0]).toISOString().slice(0, 16) : formatNumber(x[0]), "start"),
    label(WIDTH - 8, HEIGHT - 6, axis === "time" ? new Date(x[1]).toISOString().slice(0, 16) : formatNumber(x[1]), "end"),
  ].join("");
}

/** One path for each piece between gaps; a piece of a single point is a dot, which round ends make of it. */
function path(line: Line, place: Place, opacity: number): string {
  let steps = "";
  let isDown = false;
  for (let index = 0; index < line.x.length; index += 1) {
    const down = place.y(line.y[index] ?? NaN);
    if (!Number.isFinite(down)) {
      isDown = false;
      continue;
    }
    steps += `${isDown ? "L" : "M"}${fixed(place.x(line.x[index] ?? NaN))} ${fixed(down)}${isDown ? "" : "h0"}`;
    isDown = true;
  }
  const dash = DASHES[line.dash] ?? "";
  return `<path d="${steps}" stroke="var(--hue-${String(line.hue % 10)})" stroke-opacity="${String(opacity)}"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}><title>${escapeText(line.name)}</title></path>`;
}

const fixed = (value: number) => value.toFixed(1);
