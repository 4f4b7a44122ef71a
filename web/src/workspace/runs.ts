/** The list of runs as it was fetched page by page, and how live news is put into it without moving it. */

import { type InfiniteData, infiniteQueryOptions, useInfiniteQuery, useQueries } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { ApiError, type RunPage, type RunRow, type SortKey, type Status, api } from "../api";
import { client, queries } from "../queries";
import { rangesKey } from "./ranges";
import type { Archived } from "./view";

export type Criteria = { text: string; filter: string; status: Status[]; archived: Archived; sort: SortKey[]; columns: string[] };

const BAD_FILTER = "bad_filter";
export const FIRST_PAGE = 100;
/** Who scrolls past the first page wants to go far. */
const LATER_PAGES = 1000;

const runsKey = (project: string) => ["runs", project] as const;

export const runPages = (project: string, criteria: Criteria) =>
  infiniteQueryOptions({
    queryKey: [...runsKey(project), criteria],
    queryFn: ({ pageParam, signal }) =>
      api.searchRuns(project, { ...criteria, limit: pageParam === null ? FIRST_PAGE : LATER_PAGES, cursor: pageParam }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (before) => before,
    staleTime: 30_000,
  });

/** `refused` is what the server says against the filter; `shown` are then still those of the last good list, if any. */
export type RunList = {
  shown: Criteria | null;
  refused: ApiError | null;
  rows: readonly RunRow[];
  matched: number;
  total: number;
  isPending: boolean;
  error: Error | null;
  isFetchingMore: boolean;
  fetchMore: () => void;
  refetch: () => void;
};

/** `isReady` is false while the columns are not known yet: asking before would be asking twice. */
export function useRunList(project: string, criteria: Criteria, isReady: boolean): RunList {
  const asked = useInfiniteQuery({ ...runPages(project, criteria), enabled: isReady });
  const [good, setGood] = useState<Criteria | null>(null);
  if (asked.isSuccess && !asked.isPlaceholderData && good !== criteria) setGood(criteria);
  const refused = asked.error instanceof ApiError && asked.error.code === BAD_FILTER ? asked.error : null;
  const shown = refused === null ? criteria : good;
  // one and the same query where the filter can be read
  const query = useInfiniteQuery({ ...runPages(project, shown ?? criteria), enabled: isReady && shown !== null });
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.runs) ?? [], [query.data]);
  const last = query.data?.pages.at(-1);
  return {
    shown,
    refused,
    rows,
    matched: last?.matched ?? 0,
    total: last?.total ?? 0,
    isPending: query.isPending,
    error: shown === null ? null : query.error,
    isFetchingMore: query.isFetchingNextPage,
    fetchMore: () => { if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage(); },
    refetch: () => void query.refetch(),
  };
}

/** Rows of runs that are visible but not on a page that was fetched. */
export function useOtherRows(ids: readonly string[]): readonly RunRow[] {
  return useQueries({
    queries: ids.map((id) => queries.run(id)),
    combine: (results) => results.flatMap(({ data }) => (data === undefined ? [] : [data])),
  });
}

/** Puts changed rows in place of the old ones everywhere, takes deleted ones out, and answers which are on no page. */
export function takeNews(project: string, changed: readonly RunRow[], removed: readonly string[]): readonly RunRow[] {
  const fresh = new Map(changed.map((row) => [row.id, row]));
  const gone = new Set(removed);
  const unlisted = new Map(fresh);
  client.setQueriesData<InfiniteData<RunPage>>({ queryKey: runsKey(project) }, (data) => {
    if (data === undefined) return data;
    for (const page of data.pages) for (const row of page.runs) unlisted.delete(row.id);
    return { ...data, pages: data.pages.map((page) => patched(page, fresh, gone)) };
  });
  return [...unlisted.values()];
}

/** How many of these came after every run that was seen before: numbers only rise, and a run keeps its own. */
export const countNewer = (rows: readonly Pick<RunRow, "number">[], highest: number): number => rows.filter(({ number }) => number > highest).length;

export const highestNumber = (rows: readonly Pick<RunRow, "number">[]): number => rows.reduce((most, { number }) => Math.max(most, number), 0);

/** The same page where nothing in it changed, so that nothing is drawn again. */
export function patched(page: RunPage, fresh: ReadonlyMap<string, RunRow>, gone: ReadonlySet<string>): RunPage {
  if (!page.runs.some((row) => fresh.has(row.id) || gone.has(row.id))) return page;
  const left = page.runs.filter((row) => !gone.has(row.id));
  const lost = page.runs.length - left.length;
  return { ...page, runs: left.map((row) => fresh.get(row.id) ?? row), matched: page.matched - lost, total: page.total - lost };
}

/**
 * Whether a run that news took out of the list is in the list again: its deletion was undone, here or elsewhere.
 *
 * An answer that left the server before the undo may arrive after the list that was fetched because of it, so the list
 * alone cannot be believed. Keeps in `removed` what is still out.
 */
export function returned(removed: Set<string>, news: { changed: readonly Pick<RunRow, "id">[]; removed: readonly string[] }): boolean {
  const back = news.changed.filter(({ id }) => removed.delete(id));
  for (const id of news.removed) removed.add(id);
  return back.length > 0;
}

export const refetchRuns = (project: string) =>
  Promise.all([runsKey(project), rangesKey(project), queries.project(project).queryKey].map((queryKey) => client.invalidateQueries({ queryKey })));
