/**
 * The groups that an answer has: what each is called, which runs are meant, and which of them the charts show. Pure.
 *
 * What always holds: a group is the filter that its values state. The list, its members and its curves are all asked
 * for by that filter, so they are of the same runs.
 */

import type { RunGroups, RunGroupsRequest, SortKey } from "../api";
import { formatValue } from "../format";
import { type Grouping, keyLabel } from "./grouping";

/** So many groups are shown in the charts until somebody chooses. */
const SHOWN_AT_FIRST = 10;

export type Value = RunGroups["groups"][number]["values"][number];
export type Cell = { mean: number | null; std: number | null };

/** `id` is short and stands in the address; `filter` states which runs are meant. `cells` are in the order of the columns. */
export type Group = { id: string; name: string; filter: string; count: number; cells: Cell[] };

export const groupsOf = ({ keys, groups }: RunGroups): Group[] =>
  groups.map(({ values, run_count, columns }) => ({
    id: JSON.stringify(values).slice(1, -1),
    name: groupName(keys, values),
    filter: groupFilter(keys, values),
    count: run_count,
    cells: Array.from({ length: columns.length / 2 }, (_, index) => ({ mean: columns[2 * index] ?? null, std: columns[2 * index + 1] ?? null })),
  }));

export const groupName = (keys: readonly string[], values: readonly Value[]) =>
  keys.length === 0 ? "all runs" : keys.map((key, index) => valueName(keyLabel(key), values[index] ?? null)).join(" · ");

const valueName = (label: string, value: Value) => (value === null ? `no ${label}` : `${label} ${formatValue(value)}`);

export const groupFilter = (keys: readonly string[], values: readonly Value[]) => (keys.length === 0 ? "True" : keys.map((key, index) => condition(key, values[index] ?? null)).join(" and "));

/** JSON's texts and numbers are read as Python reads its own. */
function condition(key: string, value: Value): string {
  if (key === "tag") return value === null ? "not tags" : `${JSON.stringify(value)} in tags`;
  const field = key.startsWith("config.") ? `config[${JSON.stringify(key.slice("config.".length))}]` : key;
  return value === null ? `${field} is None` : `${field} == ${JSON.stringify(value)}`;
}

/** A filter that may end in a comment, and one more condition. */
export const narrowed = (filter: string, condition: string) => (filter === "" ? condition : `(${filter}\n) and (${condition})`);

/** The columns of a list that groups have numbers in: each as its mean and its deviation. */
export const isPooled = (key: string) => /^(config|metrics)\./.test(key);

export const pooledColumns = (keys: readonly string[]): NonNullable<RunGroupsRequest["columns"]> => keys.flatMap((key) => [{ key, aggregate: "mean" as const }, { key, aggregate: "std" as const }]);

/** By a number, by its mean; newest first, as by anything that groups have not, is by what they are called. */
export function groupSort({ by }: Pick<Grouping, "by">, sort: readonly SortKey[]): NonNullable<RunGroupsRequest["sort"]> {
  const first = sort[0];
  const isDescending = first?.is_descending === true;
  if (first !== undefined && by.includes(first.key)) return { key: first.key, is_descending: isDescending };
  if (first !== undefined && (isPooled(first.key) || first.key === "duration")) return { key: first.key, aggregate: "mean", is_descending: isDescending };
  const key = by[0];
  return key === undefined ? { key: "count", is_descending: true } : { key, is_descending: first?.key === "name" && isDescending };
}

/** The groups of an answer in the order of the one before, so that none moves while their numbers do; new ones last. */
export function inOrderOf(before: RunGroups | undefined, now: RunGroups): RunGroups {
  if (before === undefined || before.keys.join("\n") !== now.keys.join("\n")) return now;
  const place = new Map(before.groups.map(({ values }, index) => [JSON.stringify(values), index]));
  const placeOf = ({ values }: { values: Value[] }) => place.get(JSON.stringify(values)) ?? Infinity;
  const known = now.groups.filter((group) => placeOf(group) < Infinity).sort((a, b) => placeOf(a) - placeOf(b));
  return { ...now, groups: [...known, ...now.groups.filter((group) => placeOf(group) === Infinity)] };
}

/** Which groups the charts show. */
export function shownGroups<One extends { id: string }>({ plus, minus }: Grouping, groups: readonly One[]): One[] {
  return groups.filter(({ id }, index) => (index < SHOWN_AT_FIRST && !minus.includes(id)) || plus.includes(id));
}

/** The eye of one group, given what is visible now. */
export function toggledGroup(now: Grouping, id: string, isVisible: boolean): Grouping {
  const [plus, minus] = [now.plus.filter((one) => one !== id), now.minus.filter((one) => one !== id)];
  if (isVisible) return { ...now, plus, minus: [...minus, id] };
  return { ...now, plus: [...plus, id], minus };
}
