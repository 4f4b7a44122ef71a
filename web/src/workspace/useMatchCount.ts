/** How many runs a filter would leave, before it is applied. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ApiError, api, reasonOf } from "../api";
import { formatCount } from "../format";
import type { Searched } from "./ranges";

export type MatchCount = { words: string; isRefused: boolean };

export function useMatchCount(project: string, { text, filter, status, archived }: Searched): MatchCount {
  const search = { text, filter, status, archived, columns: [], limit: 1 };
  const { data, error, isFetching } = useQuery({
    queryKey: ["count", project, search],
    queryFn: ({ signal }) => api.searchRuns(project, search, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
  if (error !== null) return { words: reasonOf(error), isRefused: error instanceof ApiError };
  if (data === undefined || isFetching) return { words: "Counting…", isRefused: false };
  return { words: `${formatCount(data.matched)} of ${formatCount(data.total)} runs would be listed`, isRefused: false };
}
