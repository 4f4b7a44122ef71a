/** What a live answer changes of a comparison. Pure. */

import type { Comparison, LiveAnswer, RunRow } from "../api";

/**
 * With the rows of the runs as they are now, and the values of the metrics that came with them. Which rows differ stays as
 * the server said it last.
 */
export function withChanges(comparison: Comparison, changed: readonly RunRow[]): Comparison {
  const news = new Map(changed.map((row) => [row.id, row]));
  if (!comparison.runs.some(({ id }) => news.has(id))) return comparison;
  const rows = comparison.runs.map(({ id }) => news.get(id));
  return {
    ...comparison,
    runs: comparison.runs.map((run) => bare(news.get(run.id)) ?? run),
    metrics: comparison.metrics.map((one) => {
      const values = one.values.map((value, index) => rows[index]?.metrics[one.name] ?? value);
      return values.every((value, index) => value === one.values[index]) ? one : { ...one, values };
    }),
  };
}

/** As a comparison has them: config and metrics stand beside. */
const bare = (row: RunRow | undefined): RunRow | undefined => (row === undefined ? undefined : { ...row, config: {}, metrics: {} });

/** Whether rows may have come or gone: a run has ended or gone on, was deleted or has come back. */
export function isOther({ runs }: Comparison, { changed, removed }: Pick<LiveAnswer, "changed" | "removed">): boolean {
  const statusOf = new Map(runs.map(({ id, status }) => [id, status]));
  return removed.some((id) => statusOf.has(id)) || changed.some(({ id, status }) => statusOf.get(id) !== status);
}
