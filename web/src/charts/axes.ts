/** What stands on the axes of a chart, and from where to where, in the address. Pure. */

import { readChoice } from "../address";
import type { Range, XAxis, YSpan } from "./figure";

const AXES: readonly XAxis[] = ["step", "time", "relative_time"];

const isMetricAxis = (text: string): text is `metric:${string}` => /^metric:./.test(text);

/** Anything else is steps. */
export const readAxis = (text: string | undefined): XAxis => (text !== undefined && isMetricAxis(text) ? text : readChoice(text, AXES, "step"));

/** "0.5..2"; null for anything else. */
export function readRange(text: string | undefined): Range | null {
  const [from, to] = (text ?? "").split("..").map((end) => (end === "" ? NaN : Number(end)));
  const isRange = from !== undefined && to !== undefined && Number.isFinite(from) && Number.isFinite(to) && from < to;
  return isRange ? [from, to] : null;
}

export const writeRange = (range: Range) => range.map((end) => short(end, range[1] - range[0])).join("..");

export const readYSpan = (text: string | undefined): YSpan => (text === "zero" ? "zero" : (readRange(text) ?? "auto"));

export const writeYSpan = (span: YSpan) => (typeof span === "string" ? span : writeRange(span));

/** A thousandth of the range is finer than anybody can drag. */
function short(value: number, span: number): string {
  const decimals = Math.min(12, Math.max(0, Math.ceil(3 - Math.log10(span))));
  return String(Number(value.toFixed(decimals)));
}
