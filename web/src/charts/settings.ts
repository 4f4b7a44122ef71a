/** How the charts of a page are drawn, and its form in the address. Pure. */

import { type Search, readChoice } from "../address";
import type { Range, XAxis } from "./figure";
import { type Smoothing, readSmoothing, writeSmoothing } from "./smoothing";

export type ChartSettings = { x: XAxis; smoothing: Smoothing; hasBand: boolean; isLog: boolean; range: Range | null; search: string };
export type ChangeSettings = (change: Partial<ChartSettings>) => void;

const AXES: readonly XAxis[] = ["step", "time", "relative_time"];

const isMetricAxis = (text: string): text is `metric:${string}` => /^metric:./.test(text);

/** Anything else is steps. */
export const readAxis = (text: string | undefined): XAxis => (text !== undefined && isMetricAxis(text) ? text : readChoice(text, AXES, "step"));

export function readCharts(search: Search): ChartSettings {
  const [from, to] = (search["zoom"] ?? "").split("..").map((text) => (text === "" ? NaN : Number(text)));
  const isRange = from !== undefined && to !== undefined && Number.isFinite(from) && Number.isFinite(to) && from < to;
  return {
    x: readAxis(search["x"]),
    smoothing: readSmoothing(search["smooth"]),
    hasBand: search["band"] === "1",
    isLog: search["log"] === "1",
    range: isRange ? [from, to] : null,
    search: search["find"] ?? "",
  };
}

export function writeCharts({ x, smoothing, hasBand, isLog, range, search }: ChartSettings): Search {
  return {
    x: x === "step" ? undefined : x,
    smooth: writeSmoothing(smoothing),
    band: hasBand ? "1" : undefined,
    log: isLog ? "1" : undefined,
    zoom: range === null ? undefined : range.map((end) => short(end, range[1] - range[0])).join(".."),
    find: search === "" ? undefined : search,
  };
}

/** A thousandth of the range is finer than anybody can drag. */
function short(value: number, span: number): string {
  const decimals = Math.min(12, Math.max(0, Math.ceil(3 - Math.log10(span))));
  return String(Number(value.toFixed(decimals)));
}
