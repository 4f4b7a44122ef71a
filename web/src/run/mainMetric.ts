/** Which metric says most about a run: the first that has a direction, of data that it did not learn from if there is one. Pure. */

import type { MetricSummary } from "../api";
import { isHeldOut } from "../charts/sections";

export type Main = { name: string; statistic: "last" | "min" | "max" | "mean"; goal: "min" | "max"; value: number };

/** A metric with a direction counts by the value that stands for the run, and by its best one where that is the last. */
export function mainMetric(metrics: Readonly<Record<string, MetricSummary>>): Main | null {
  const found = Object.entries(metrics).flatMap(([name, { goal = null, summary = "last", min, max, last, mean }]): Main[] => {
    if (goal === null) return [];
    const statistic = summary === "last" ? goal : summary;
    const value = { min, max, last, mean }[statistic];
    return value === null ? [] : [{ name, statistic, goal, value }];
  });
  return found.find(({ name }) => isHeldOut(name)) ?? found[0] ?? null;
}
