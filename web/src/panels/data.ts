/** What panels draw: values of runs, one column a key, and what can be said of a column. Pure. */

import type { Keys, Status } from "../api";
import { formatDuration, formatMoment, formatNumber } from "../format";
import type { RunColumn, RunColumns } from "../runColumns";
import { columnKeys } from "../workspace/columns";
import { written } from "../workspace/completion";
import type { Goal } from "./state";

export type Column = RunColumn & { label: string; isText: boolean };
export type Data = { ids: string[]; names: string[]; hues: number[]; statuses: Status[]; columns: ReadonlyMap<string, Column>; matched: number };

export function dataOf(answer: RunColumns): Data {
  const { ids, names, hues, statuses, matched } = answer;
  return { ids, names, hues, statuses, matched, columns: new Map(answer.columns.map((column) => [column.key, columnOf(column)])) };
}

/** Where there are numbers and texts under one key, the more frequent kind is drawn. */
function columnOf(column: RunColumn): Column {
  const numbers = column.numbers.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0);
  const texts = column.codes.reduce((sum, code) => sum + (code < 0 ? 0 : 1), 0);
  return { ...column, label: labelOf(column.key), isText: texts > numbers };
}

/** As short as a heading can be. */
export const labelOf = (key: string): string => key.replace(/^(config|metrics)\./, "");

const TIMES: readonly string[] = ["created", "started", "finished", "heartbeat"];
export const isTime = (key: string): boolean => TIMES.includes(key);
export const isMetric = (key: string): boolean => key.startsWith("metrics.");

/** What every run has, of that which is worth an axis. */
export const ATTRIBUTES: readonly string[] = ["duration", "created", "number", "status", "group", "job_type", "user"];

export type Choices = { config: string[]; metrics: string[]; runs: readonly string[] };

export function choicesOf(keys: Keys | undefined): Choices {
  const metrics = (keys?.metrics ?? []).filter(({ kind }) => kind === "metric");
  return {
    config: (keys?.config ?? []).map(({ key }) => `config.${key}`),
    metrics: metrics.flatMap(({ name }) => ["", ".min", ".max"].map((end) => `metrics.${name}${end}`)),
    runs: ATTRIBUTES,
  };
}

/** What tells the runs apart, and what is looked at first: for panels of which nobody has said what they show. */
export function likelyKeys(keys: Keys | undefined): { config: string[]; metrics: string[] } {
  const likely = columnKeys(null, keys);
  return { config: likely.filter((key) => key.startsWith("config.")), metrics: likely.filter(isMetric) };
}

/** The number that stands for a run along an axis: its own, or the place of its text; NaN for none. */
export const numberAt = (column: Column, row: number): number => {
  if (!column.isText) return column.numbers[row] ?? NaN;
  const code = column.codes[row] ?? -1;
  return code < 0 ? NaN : code;
};

export function valueText(column: Column, row: number): string {
  const code = column.codes[row] ?? -1;
  if (code >= 0) return column.texts[code] ?? "";
  const number = column.numbers[row] ?? NaN;
  return Number.isNaN(number) ? "–" : numberText(column.key, number);
}

export function numberText(key: string, value: number): string {
  if (isTime(key)) return formatMoment(value);
  return key === "duration" ? formatDuration(value * 1000) : formatNumber(value);
}

/** The least and the greatest finite number; null where there is none. A log axis has those above 0 alone. */
export function spanOf(numbers: Float64Array, isLog = false): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const value of numbers) {
    if (!Number.isFinite(value) || (isLog && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? null : [low, high];
}

/** What is good of a value: as its run has said, else what its name suggests. */
export function goalOf(column: Column): Goal {
  return column.goal ?? (/loss|err|perplexity|duration|latency|mse|mae|rmse/i.test(column.key) ? "min" : "max");
}

/** The key in the language of filters. */
export function filterName(key: string): string {
  if (key.startsWith("config.")) return written("config", key.slice("config.".length));
  if (!isMetric(key)) return key;
  const label = key.slice("metrics.".length);
  const found = /^(.+)\.(last|min|max|mean|best|count|(?:last|min|max|best)_step)$/.exec(label);
  return found === null ? written("metrics", label) : `${written("metrics", found[1] ?? "")}.${found[2] ?? ""}`;
}

/** One filter that asks for both. Words are looked for in names, since a filter cannot look everywhere. */
export function joinFilters({ text, filter }: { text: string; filter: string }, added: string): string {
  const words = text.split(/\s+/).filter((word) => word !== "").map((word) => `name.contains(${JSON.stringify(word)})`);
  const before = filter.trim() === "" ? words : [/\bor\b/.test(filter) ? `(${filter.trim()})` : filter.trim()];
  return [...before, added].filter((part) => part !== "").join(" and ");
}
