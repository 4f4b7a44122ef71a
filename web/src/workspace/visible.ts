/** Which runs the charts show, how each is drawn, and which of them may still grow. */

import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { type RunRow, api } from "../api";
import { type RunStyle, dashes } from "../charts/figure";
import { differing, noteOf } from "./labels";
import { type Criteria, FIRST_PAGE, useOtherRows } from "./runs";
import { NEWEST_FIRST, type View, isDefaultSort, shownIds } from "./view";

export type Visible = {
  ids: ReadonlySet<string>;
  rows: readonly RunRow[];
  styles: readonly RunStyle[];
  /** The keys of the config by which runs are told apart. */
  labels: readonly string[];
  /** Which of them may still bring points, at the moment of asking. */
  liveIds: () => string[];
  noteChanged: (ids: readonly string[]) => void;
};

/** `candidates` are the keys that may tell the runs apart. */
export function useVisibleRuns(project: string, view: View, criteria: Criteria, candidates: readonly string[], listed: readonly RunRow[]): Visible {
  const base = useBase(project, view, criteria, candidates, listed);
  const ids = base.map(({ id }) => id);
  const wanted = shownIds(view.shown, ids, ids);
  const known = new Map([...base, ...listed].map((row) => [row.id, row]));
  const others = useOtherRows(wanted.filter((id) => !known.has(id)));
  for (const row of others) known.set(row.id, row);
  const rows = wanted.flatMap((id) => known.get(id) ?? []);
  const labels = useStable(view.labels ?? differing(candidates, rows.map(({ config }) => config)));
  const styles = useStable(styled(rows, labels));
  const changed = useRef<ReadonlySet<string>>(new Set());
  return {
    ids: useMemo(() => new Set(styles.map(({ id }) => id)), [styles]),
    rows,
    styles,
    labels,
    // a run that has just ended, or was sent late, still has points to bring
    liveIds: () => rows.filter(({ id, status }) => status === "running" || status === "lost" || changed.current.has(id)).map(({ id }) => id),
    noteChanged: (ids) => { changed.current = new Set(ids); },
  };
}

/** The first runs of the filter by the order that is shown; the list itself where it is sorted so and long enough. */
function useBase(project: string, view: View, criteria: Criteria, columns: readonly string[], listed: readonly RunRow[]): readonly RunRow[] {
  const { base, count } = view.shown;
  const isListed = (base === "first" || isDefaultSort(view.sort)) && count <= FIRST_PAGE;
  const isNeeded = base !== "none" && !isListed;
  const search = { text: criteria.text, filter: criteria.filter, status: criteria.status, archived: criteria.archived, sort: base === "newest" ? [NEWEST_FIRST] : criteria.sort, columns: [...columns], limit: count };
  const query = useQuery({
    queryKey: ["newest", project, search],
    queryFn: ({ signal }) => api.searchRuns(project, search, { signal }),
    enabled: isNeeded,
    placeholderData: (before) => before,
  });
  return isNeeded ? (query.data?.runs ?? []) : isListed ? listed : [];
}

/** The earlier of two runs with one hue is solid, whatever the order of the list. */
function styled(rows: readonly RunRow[], labels: readonly string[]): RunStyle[] {
  const byAge = rows.toSorted((a, b) => a.number - b.number);
  const dashOf = new Map(dashes(byAge.map(({ hue }) => hue)).map((dash, index) => [byAge[index]?.id, dash]));
  return rows.map(({ id, name, hue, status, config }) => ({ id, name, note: noteOf(config, labels), hue, dash: dashOf.get(id) ?? 0, isRunning: status === "running" }));
}

/** The same array while nothing in it differs, so that a changed heartbeat draws no chart again. */
function useStable<T>(list: readonly T[]): readonly T[] {
  const text = JSON.stringify(list);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the text says all there is about the list
  return useMemo(() => list, [text]);
}
