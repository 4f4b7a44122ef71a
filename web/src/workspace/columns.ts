/** Which columns a run table has, what stands in their cells, and by which key the server sorts them. Pure. */

import type { Keys, RunRow, SortKey } from "../api";
import { isHeldOut } from "../charts/sections";
import { formatDuration, formatMoment, formatValue } from "../format";
import type { Goal } from "../goals";
import { own } from "../own";

/**
 * `key` is the server's: "config.<key>", "metrics.<name>" or "metrics.<name>.<statistic>"; beside these it is
 * "curve.<name>" for a metric drawn small, and the name of a fact that every run has.
 */
export type Column = { key: string; label: string; kind: "config" | "metric" | "curve" | "fact" };

/** Which values of a metric are better, as far as anybody has said. */
export type Goals = ReadonlyMap<string, Goal>;

export const FACTS = {
  created: "Created",
  started: "Started",
  finished: "Finished",
  duration: "Duration",
  tags: "Tags",
  notes: "Notes",
  user: "User",
  group: "Group",
  job_type: "Job type",
  number: "Number",
  id: "Id",
} as const;
export type Fact = keyof typeof FACTS;
const FACT_NAMES = Object.keys(FACTS);
export const isFact = (key: string): key is Fact => FACT_NAMES.includes(key);

const SORTABLE_FACTS: readonly string[] = ["created", "duration"];

export const STATISTICS = ["last", "min", "max", "mean", "count", "best", "last_step", "min_step", "max_step", "best_step"] as const;
type Statistic = (typeof STATISTICS)[number];
const SORTABLE: readonly Statistic[] = ["last", "min", "max", "mean", "count"];

export function columnOf(key: string): Column {
  if (key.startsWith("metrics.")) return { key, kind: "metric", label: key.slice("metrics.".length) };
  if (key.startsWith("curve.")) return { key, kind: "curve", label: key.slice("curve.".length) };
  if (isFact(key)) return { key, kind: "fact", label: FACTS[key] };
  return { key, kind: "config", label: key.replace(/^config\./, "") };
}

/** What was chosen, or else what tells the runs apart: metrics that most runs have, then config that varies. */
export function columnKeys(chosen: readonly string[] | null, keys: Keys | undefined, isWide = false): string[] {
  if (chosen !== null) return [...chosen];
  const config = (keys?.config ?? []).filter(({ value_count }) => value_count > 1).toSorted((a, b) => b.run_count - a.run_count).slice(0, 3);
  const metrics = (keys?.metrics ?? []).filter(({ kind }) => kind === "metric").toSorted((a, b) => weight(b) - weight(a)).slice(0, 3);
  const values = [...metrics.map(({ name }) => `metrics.${name}`), ...config.map(({ key }) => `config.${key}`)];
  return isWide ? ["created", "duration", ...values, "tags", "user"] : values;
}

const weight = ({ name, run_count }: { name: string; run_count: number }) => run_count * (isHeldOut(name) ? 2 : 1);

/** What to ask the server for: a name that ends like a statistic may be either, so both come. */
export function askedColumns(keys: readonly string[]): string[] {
  const asked = keys.flatMap((key) => {
    if (key === "notes" || key.startsWith("config.")) return [key];
    if (!key.startsWith("metrics.")) return [];
    const { name, statistic } = endingOf(key.slice("metrics.".length));
    return statistic === "last" ? [key] : [key, `metrics.${name}`];
  });
  return [...new Set(asked)];
}

function endingOf(label: string): { name: string; statistic: Statistic } {
  const dot = label.lastIndexOf(".");
  const statistic = STATISTICS.find((one) => one === label.slice(dot + 1));
  return statistic === undefined || dot < 1 ? { name: label, statistic: "last" } : { name: label.slice(0, dot), statistic };
}

/** A name may itself end in ".max": the summary that the row has decides. */
const splitStatistic = (row: RunRow, label: string) => (own(row.metrics, label) !== undefined ? { name: label, statistic: "last" as const } : endingOf(label));

/** The metric that a column shows something of; `names` are those that there are. */
export function metricOf(column: Column, names: ReadonlySet<string>): { name: string; statistic: Statistic } | null {
  if (column.kind !== "metric") return null;
  return names.has(column.label) ? { name: column.label, statistic: "last" } : endingOf(column.label);
}

/** By what the server sorts the column: the best of a metric is its least or its greatest. */
export function sortKeyOf(column: Column, names: ReadonlySet<string>, goals: Goals): string | null {
  if (column.kind === "config") return column.key;
  if (column.kind === "curve") return null;
  if (column.kind === "fact") return SORTABLE_FACTS.includes(column.key) ? column.key : null;
  const { name, statistic } = metricOf(column, names) ?? endingOf(column.label);
  if (SORTABLE.includes(statistic)) return column.key;
  const goal = goals.get(name);
  return statistic === "best" && goal !== undefined ? `metrics.${name}.${goal}` : null;
}

export function cellValue(row: RunRow, column: Column, goals: Goals = NO_GOALS): unknown {
  if (column.kind === "config") return own(row.config, column.label);
  if (column.kind === "fact") return factOf(row, column.key);
  if (column.kind === "curve") return undefined;
  const { name, statistic } = splitStatistic(row, column.label);
  const summary = own(row.metrics, name);
  if (summary === undefined) return own(row.summary, column.label);
  if (statistic !== "best" && statistic !== "best_step") return summary[statistic];
  const goal = goals.get(name) ?? summary.goal;
  if (goal === null || goal === undefined) return undefined;
  return statistic === "best" ? summary[goal] : summary[`${goal}_step`];
}

const NO_GOALS: Goals = new Map();

function factOf(row: RunRow, key: string): unknown {
  switch (key) {
    case "created": return formatMoment(row.created_ms);
    case "started": return formatMoment(row.started_ms);
    case "finished": return row.finished_ms === null ? null : formatMoment(row.finished_ms);
    case "duration": return formatDuration((row.finished_ms ?? row.heartbeat_ms) - row.started_ms);
    case "tags": return row.tags.join(", ");
    case "notes": return row.notes;
    case "user": return row.user;
    case "group": return row.group;
    case "job_type": return row.job_type;
    case "number": return row.number;
    default: return row.id;
  }
}

export const cellText = (value: unknown): string => (value === undefined || value === null ? "" : formatValue(value));

/** The whole value, as it is copied. */
export const cellTitle = (value: unknown): string => (typeof value === "number" ? String(value) : cellText(value));

/** Which values stand out: a column whose better end is known has a best one, a shaded one a place for each. */
export type Range = { low: number; high: number };

/** From 0 to 1, 1 being the better end where one is known; null for what is no number of the range. */
export function placeIn(value: unknown, { low, high }: Range, goal: Goal | undefined): number | null {
  if (typeof value !== "number" || !(low < high)) return null;
  const place = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return goal === "min" ? 1 - place : place;
}

/** A header that is clicked with Shift sorts behind the others: downwards, then upwards, then not any more. */
export function sortedBy(sort: readonly SortKey[], key: string, isDefault: boolean): SortKey[] {
  const others = isDefault ? [] : sort;
  const current = others.find((one) => one.key === key);
  if (current === undefined) return [...others, { key, is_descending: true }];
  if (current.is_descending === true) return others.map((one) => (one === current ? { key, is_descending: false } : one));
  return others.filter((one) => one !== current);
}
