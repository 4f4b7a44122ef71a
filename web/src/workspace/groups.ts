/** The groups of a project's runs as the server counts them, and their members page by page; live news moves neither. */

import { keepPreviousData, queryOptions, replaceEqualDeep, useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type RunGroups, type RunGroupsRequest, type RunPage, type RunRow, api } from "../api";
import { client } from "../queries";
import { type Group, groupSort, groupsOf, inOrderOf, isPooled, narrowed, pooledColumns } from "./groupNames";
import { type Grouping, isGrouped } from "./grouping";
import { type Criteria, patched } from "./runs";

const MOST_GROUPS = 1000;
/** Each column is asked for twice, and an answer has fifty. */
const MOST_COLUMNS = 25;
const PAGE = 100;

const groupsKey = (project: string) => ["groups", project] as const;
const membersKey = (project: string) => ["members", project] as const;

export type GroupList = {
  keys: readonly string[];
  columns: readonly string[];
  groups: readonly Group[];
  isPending: boolean;
  error: Error | null;
  refetch: () => void;
};

export function useGroups(project: string, grouping: Grouping, criteria: Criteria, shown: readonly string[], isReady: boolean): GroupList {
  const columns = useMemo(() => shown.filter((key) => isPooled(key) && !grouping.by.includes(key)).slice(0, MOST_COLUMNS), [shown, grouping.by]);
  const { text, filter, status, archived, sort } = criteria;
  const body: RunGroupsRequest = { by: grouping.by, except_keys: grouping.except, columns: pooledColumns(columns), text, filter, status, archived, sort: groupSort(grouping, sort), limit: MOST_GROUPS };
  const query = useQuery({
    queryKey: [...groupsKey(project), body],
    queryFn: ({ signal }) => api.groupRuns(project, body, { signal }),
    enabled: isReady && isGrouped(grouping),
    placeholderData: keepPreviousData,
    structuralSharing: (before, now) => replaceEqualDeep(before, inOrderOf(before as RunGroups | undefined, now as RunGroups)),
  });
  const groups = useMemo(() => (query.data === undefined ? [] : groupsOf(query.data)), [query.data]);
  const { data, isPending, error, refetch } = query;
  const keys = data?.keys ?? grouping.by;
  return useMemo(() => ({ keys, columns, groups, isPending, error, refetch: () => void refetch() }), [keys, columns, groups, isPending, error, refetch]);
}

export const refetchGroups = (project: string) => client.invalidateQueries({ queryKey: groupsKey(project) });

const memberPage = (project: string, criteria: Criteria, filter: string, cursor: string | null) =>
  queryOptions({
    queryKey: [...membersKey(project), criteria, filter, cursor],
    queryFn: ({ signal }) => api.searchRuns(project, { ...criteria, filter: narrowed(criteria.filter, filter), limit: PAGE, cursor }, { signal }),
    staleTime: 30_000,
  });

/** Of each opened group, by its filter: how many of its members are wanted. */
export type Wanted = ReadonlyMap<string, number>;

/** The members that are here, of each opened group by its filter, in the order of the list. */
export function useMembers(project: string, criteria: Criteria, wanted: Wanted): ReadonlyMap<string, readonly RunRow[]> {
  const pages = [...wanted].flatMap(([filter, count]) => cursorsOf(project, criteria, filter, Math.ceil(count / PAGE)).map((cursor) => ({ filter, cursor })));
  const found = useQueries({ queries: pages.map(({ filter, cursor }) => memberPage(project, criteria, filter, cursor)), combine: rowsOf });
  const members = new Map<string, RunRow[]>();
  for (const [index, { filter }] of pages.entries()) members.set(filter, [...(members.get(filter) ?? []), ...(found[index] ?? [])]);
  return members;
}

const rowsOf = (results: { data: RunPage | undefined }[]): (RunRow[] | undefined)[] => results.map(({ data }) => data?.runs);

/** Where the pages that are wanted begin, as far as the pages before them are here to say so. */
function cursorsOf(project: string, criteria: Criteria, filter: string, count: number): (string | null)[] {
  const cursors: (string | null)[] = [null];
  while (cursors.length < count) {
    const next = client.getQueryData(memberPage(project, criteria, filter, cursors.at(-1) ?? null).queryKey)?.next_cursor;
    if (next === undefined || next === null) break;
    cursors.push(next);
  }
  return cursors;
}

/** Puts changed rows in place of the old ones in every group that is open, and takes deleted ones out. */
export function takeMemberNews(project: string, changed: readonly RunRow[], removed: readonly string[]): void {
  const fresh = new Map(changed.map((row) => [row.id, row]));
  const gone = new Set(removed);
  client.setQueriesData<RunPage>({ queryKey: membersKey(project) }, (page) => (page === undefined ? page : patched(page, fresh, gone)));
}
