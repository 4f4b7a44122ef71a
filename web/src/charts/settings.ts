/** How the charts of a page are drawn, and its form in the address. Pure. */

import { type Search, readChoice, readNumber } from "../address";
import type { Range, XAxis } from "./figure";

export type ChartSettings = { x: XAxis; smoothing: number; isLog: boolean; range: Range | null; search: string };
export type ChangeSettings = (change: Partial<ChartSettings>) => void;

const AXES: readonly XAxis[] = ["step", "time", "relative_time"];

export function readCharts(search: Search): ChartSettings {
  const [from, to] = (search["zoom"] ?? "").split("..").map((text) => (text === "" ? NaN : Number(text)));
  const isRange = from !== undefined && to !== undefined && Number.isFinite(from) && Number.isFinite(to) && from < to;
  return {
    x: readChoice(search["x"], AXES, "step"),
    smoothing: readNumber(search["smooth"], 0, 0, 0.99),
    isLog: search["log"] === "1",
    range: isRange ? [from, to] : null,
    search: search["find"] ?? "",
  };
}

export function writeCharts({ x, smoothing, isLog, range, search }: ChartSettings): Search {
  return {
    x: x === "step" ? undefined : x,
    smooth: smoothing === 0 ? undefined : String(smoothing),
    log: isLog ? "1" : undefined,
    zoom: range === null ? undefined : `${short(range[0], x)}..${short(range[1], x)}`,
    find: search === "" ? undefined : search,
  };
}

/** Enough digits for a step; a moment keeps its milliseconds. */
const short = (value: number, x: XAxis) => String(x === "step" ? Number(value.toPrecision(8)) : Math.round(value));
