/** The runs that a run is worth comparing with: where it comes from, the one before it, the baseline, and the newest. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type RunDetail, type RunRow, api } from "../api";

export type OtherRun = { id: string; label: string };

const NEWEST = 50;
/** A run with this tag is what others are measured by; of several the newest. */
export const BASELINE_TAG = "baseline";

export function useOtherRuns(run: RunDetail): OtherRun[] {
  const { project, id } = run;
  const newest = useQuery({ queryKey: ["near runs", project, "newest"], queryFn: ({ signal }) => api.searchRuns(project, { columns: [], limit: NEWEST, sort: NEWEST_FIRST }, { signal }) });
  const baseline = useQuery({
    queryKey: ["near runs", project, "baseline"],
    queryFn: ({ signal }) => api.searchRuns(project, { columns: [], limit: 1, filter: `"${BASELINE_TAG}" in tags`, sort: NEWEST_FIRST }, { signal }),
  });
  return useMemo(() => choicesOf(run, newest.data?.runs ?? [], baseline.data?.runs[0] ?? null).filter((one) => one.id !== id), [run, id, newest.data, baseline.data]);
}

const NEWEST_FIRST = [{ key: "created", is_descending: true }];

type Known = Pick<RunRow, "id" | "name" | "number">;

/** Each run once, under what says most about it. */
export function choicesOf(run: Pick<RunDetail, "fork_of" | "parent" | "number">, newest: readonly Known[], baseline: Known | null): OtherRun[] {
  const nameOf = (id: string) => newest.find((one) => one.id === id)?.name ?? id;
  const origin = run.fork_of ?? run.parent;
  const previous = newest.filter(({ number }) => number < run.number).reduce<Known | null>((best, one) => (best === null || one.number > best.number ? one : best), null);
  const named = [
    origin === null ? null : { id: origin, label: `parent: ${nameOf(origin)}` },
    baseline === null ? null : { id: baseline.id, label: `baseline: ${baseline.name}` },
    previous === null ? null : { id: previous.id, label: `previous: ${previous.name}` },
  ].filter((one) => one !== null);
  const all = [...named, ...newest.map(({ id, name }) => ({ id, label: name }))];
  return all.filter((one, index) => all.findIndex(({ id }) => id === one.id) === index);
}
