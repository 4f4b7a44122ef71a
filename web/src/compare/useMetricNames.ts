/** What the metrics of the compared runs are called: all of them, unless they are very many; then also those looked for. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Comparison } from "../api";
import { queries } from "../queries";

/** `text` may be a regular expression: that one is looked for among the names at hand. */
export function useMetricNames({ runs, metric_names: first, metric_count: count }: Comparison, text: string): readonly string[] {
  const ids = runs.map(({ id }) => id);
  const sought = text.trim();
  const more = useQuery({ ...queries.metricNames(ids), enabled: count > first.length }).data?.names ?? first;
  const found = useQuery({ ...queries.metricNames(ids, sought), enabled: count > more.length && sought !== "" }).data?.names;
  return useMemo(() => (found === undefined ? more : [...new Set([...more, ...found])].toSorted()), [more, found]);
}
