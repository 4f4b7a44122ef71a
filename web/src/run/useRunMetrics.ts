/** Which metrics of a run a page has: all, unless they are very many; then the first ones, and those that are looked for. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { RunDetail } from "../api";
import { queries } from "../queries";

export const hasMore = (run: RunDetail) => Object.keys(run.metrics).length < run.metric_count;

/** The metrics at hand and, where these are not all, those with the text in their names. */
export function useRunMetrics(run: RunDetail, text: string): RunDetail["metrics"] {
  const sought = text.trim();
  const isAsked = sought !== "" && hasMore(run);
  const found = useQuery({ ...queries.runHaving(run.id, sought), enabled: isAsked }).data?.metrics;
  return useMemo(() => (isAsked && found !== undefined ? { ...run.metrics, ...found } : run.metrics), [isAsked, found, run.metrics]);
}
