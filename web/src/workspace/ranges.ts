/** From where to where the shown metrics reach in all runs that match, which is what "best" and shading are about. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type Keys, type RunSearch, api } from "../api";
import type { Goal } from "../goals";
import type { Goals, Range } from "./columns";

export type Ranges = ReadonlyMap<string, Range>;
export type Searched = Required<Pick<RunSearch, "text" | "filter" | "status" | "archived">>;

const LIVE_MS = 10_000;
const MOST_COLUMNS = 50;

export const rangesKey = (project: string) => ["ranges", project] as const;

export function useRanges(project: string, { text, filter, status, archived }: Searched, columns: readonly string[], isLive: boolean): Ranges {
  const search = { text, filter, status, archived };
  const asked = columns.slice(0, MOST_COLUMNS);
  const answer = useQuery({
    queryKey: [...rangesKey(project), search, asked],
    queryFn: ({ signal }) => api.ranges(project, { ...search, columns: asked }, { signal }),
    enabled: asked.length > 0,
    placeholderData: (before) => before,
    refetchInterval: isLive ? LIVE_MS : false,
    staleTime: LIVE_MS,
  }).data;
  return useMemo(
    () => new Map((answer?.ranges ?? []).flatMap(({ column, low, high }): [string, Range][] => (low === null || high === null ? [] : [[column, { low, high }]]))),
    [answer],
  );
}

export const goalsOf = (keys: Keys | undefined): Goals =>
  new Map((keys?.metrics ?? []).flatMap(({ name, goal }): [string, Goal][] => (goal === null || goal === undefined ? [] : [[name, goal]])));
