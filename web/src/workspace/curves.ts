/** The small curves of the rows in view: all of them in one request, again every few seconds while one of them runs. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type RunRow, api } from "../api";
import { columnOf } from "./columns";

export const CURVE_POINTS = 64;
/** Rows are asked for in blocks, so that scrolling by one row asks for nothing. */
const BLOCK = 50;
const LIVE_MS = 5000;

export const CURVE_WIDTH = 96;
export const CURVE_HEIGHT = 20;

/** By run, then by metric: the curve as one path. */
export type Curves = ReadonlyMap<string, ReadonlyMap<string, string>>;

export function useCurves(rows: readonly RunRow[], columns: readonly string[], first: number, last: number): Curves {
  const metrics = columns.flatMap((key) => (key.startsWith("curve.") ? [columnOf(key).label] : []));
  const block = rows.slice(Math.floor(first / BLOCK) * BLOCK, Math.ceil((last + 1) / BLOCK) * BLOCK);
  const runs = block.map(({ id }) => id);
  const isLive = block.some(({ status }) => status === "running");
  const answer = useQuery({
    queryKey: ["curves", metrics, runs],
    queryFn: ({ signal }) => api.series({ runs, metrics, points: CURVE_POINTS }, { signal }),
    enabled: metrics.length > 0 && runs.length > 0,
    placeholderData: (before) => before,
    refetchInterval: isLive ? LIVE_MS : false,
    staleTime: 30_000,
  }).data;
  return useMemo(() => {
    const found = new Map<string, Map<string, string>>();
    for (const { run, metric, x, values } of answer?.series ?? []) {
      const ofRun = found.get(run) ?? new Map<string, string>();
      // ranks log beside each other: the first of them stands for the run
      if (!ofRun.has(metric)) found.set(run, ofRun.set(metric, curvePath(x, values)));
    }
    return found;
  }, [answer]);
}

/** One path in a box of `CURVE_WIDTH` × `CURVE_HEIGHT`; what has no height is a gap, a lone point a short stroke. */
export function curvePath(x: ArrayLike<number>, values: ArrayLike<number | null>): string {
  const places = Array.from(x);
  const heights = Array.from(values, (value) => (value === null || !Number.isFinite(value) ? null : value));
  const known = heights.filter((value) => value !== null);
  const [left, right, low, high] = [Math.min(...places), Math.max(...places), Math.min(...known), Math.max(...known)];
  const across = (value: number) => 1 + (right > left ? (value - left) / (right - left) : 0.5) * (CURVE_WIDTH - 2);
  const down = (value: number) => 1 + (high > low ? (high - value) / (high - low) : 0.5) * (CURVE_HEIGHT - 2);
  let path = "";
  let isDrawn = false;
  heights.forEach((height, index) => {
    if (height === null) {
      isDrawn = false;
      return;
    }
    const at = `${across(places[index] ?? 0).toFixed(1)} ${down(height).toFixed(1)}`;
    path += isDrawn ? `L${at}` : `M${at}h0.1`;
    isDrawn = true;
  });
  return path;
}
