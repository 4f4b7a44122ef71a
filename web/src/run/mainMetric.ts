/** Which metric says most about a run, and by which of its values. Pure. */

import type { MetricSummary } from "../api";
import { isHeldOut } from "../charts/sections";
import type { Goal, GoalOf } from "../goals";

/** `goal` null: nobody has said which values are better, so no run is the best by it. */
export type Main = { name: string; statistic: "last" | "min" | "max" | "mean"; goal: Goal | null; value: number };

type Known = { goalOf: GoalOf; pinned: readonly string[] };

/**
 * A metric with a direction comes first, then a pinned one, then one of data that the run did not learn from. It counts by
 * the value that stands for the run, and by its best one where that is the last.
 */
export function mainMetric(metrics: Readonly<Record<string, MetricSummary>>, { goalOf, pinned }: Known): Main | null {
  const all = Object.entries(metrics).flatMap(([name, { goal: own = null, summary = "last", kind, min, max, last, mean }]): Main[] => {
    const goal = goalOf(name) ?? own;
    const statistic = summary === "last" && goal !== null ? goal : summary;
    const value = { min, max, last, mean }[statistic];
    return value === null || kind === "system" ? [] : [{ name, statistic, goal, value }];
  });
  const merit = ({ name, goal }: Main) => [goal !== null, pinned.includes(name), isHeldOut(name)].reduce((sum, is) => sum * 2 + Number(is), 0);
  return all.reduce<Main | null>((best, one) => (best === null || merit(one) > merit(best) ? one : best), null);
}
