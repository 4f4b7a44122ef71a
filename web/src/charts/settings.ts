/** How the charts of a page are drawn, and its form in the address. Pure. */

import { type Search, readChoice } from "../address";
import { readAxis, readRange, readYSpan, writeRange, writeYSpan } from "./axes";
import type { ChartView } from "./figure";
import { type OwnSettings, readOwn, writeOwn } from "./own";
import { readSmoothing, writeSmoothing } from "./smoothing";

/** `own` is what some charts have otherwise. With `isSynced` a zoom is that of all charts. */
export type ChartSettings = ChartView & { search: string; isSynced: boolean; own: OwnSettings };
export type ChangeSettings = (change: Partial<ChartSettings>) => void;

export function readCharts(search: Search): ChartSettings {
  return {
    x: readAxis(search["x"]),
    smoothing: readSmoothing(search["smooth"]),
    shade: readChoice(search["band"], ["dense", "always", "never"] as const, "dense"),
    hasRaw: search["raw"] !== "0",
    isLog: search["log"] === "1",
    ySpan: readYSpan(search["y"]),
    isWithoutOutliers: search["outliers"] === "0",
    range: readRange(search["zoom"]),
    isSynced: search["sync"] !== "0",
    search: search["find"] ?? "",
    own: readOwn(search["tiles"]),
  };
}

export function writeCharts(settings: ChartSettings): Search {
  const { x, smoothing, shade, hasRaw, isLog, ySpan, isWithoutOutliers, range, isSynced, search, own } = settings;
  return {
    x: x === "step" ? undefined : x,
    smooth: writeSmoothing(smoothing),
    band: shade === "dense" ? undefined : shade,
    raw: hasRaw ? undefined : "0",
    log: isLog ? "1" : undefined,
    y: ySpan === "auto" ? undefined : writeYSpan(ySpan),
    outliers: isWithoutOutliers ? "0" : undefined,
    zoom: range === null ? undefined : writeRange(range),
    sync: isSynced ? undefined : "0",
    find: search === "" ? undefined : search,
    tiles: writeOwn(own),
  };
}
