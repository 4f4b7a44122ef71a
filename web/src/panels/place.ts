/** Where a panel stands: of which runs it tells, and what one can do there with what it shows. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type Keys, type RunColumnsRequest, api } from "../api";
import { type Data, dataOf } from "./data";

/** Which runs, as a search says it. */
export type Which = Required<Pick<RunColumnsRequest, "text" | "filter" | "status" | "archived">> & { runs: string[] | null };

/** What is missing here cannot be done in this place. */
export type Place = {
  project: string;
  which: Which;
  keys: Keys | undefined;
  onSelect?: ((ids: string[]) => void) | undefined;
  /** Narrows the runs by a condition in the language of filters. */
  onFilter?: ((condition: string) => void) | undefined;
  onScatter?: ((x: string, y: string) => void) | undefined;
};

const RUNNING_MS = 10_000;
const QUIET_MS = 60_000;

export type Loaded = { data: Data | null; error: Error | null; isPending: boolean; retry: () => void };

/** The values of the runs under these keys. While some of them run, it asks again every ten seconds, else every minute. */
export function useData({ project, which }: Place, keys: readonly string[]): Loaded {
  const columns = [...new Set(keys.filter((key) => key !== ""))].toSorted();
  const query = useQuery({
    queryKey: ["columns", project, which, columns],
    queryFn: ({ signal }) => api.runColumns(project, { ...which, columns }, { signal }),
    enabled: columns.length > 0,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.statuses.includes("running") === true ? RUNNING_MS : QUIET_MS),
  });
  const data = useMemo(() => (query.data === undefined ? null : dataOf(query.data)), [query.data]);
  return { data, error: query.error, isPending: query.isPending, retry: () => void query.refetch() };
}
