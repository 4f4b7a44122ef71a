/**
 * A comparison as a table: sections of rows, a cell for each run, each told apart from the baseline's. Pure.
 *
 * Both ways to draw the table, and what is copied of it, are made of this.
 */

import type { Comparison, MetricSummary } from "../api";
import { formatMeasure } from "../charts/units";
import { formatNumber, formatValue } from "../format";
import { type Difference, type Goal, differenceOf } from "./difference";
import type { Statistic } from "./view";

/** "not logged" is `isPresent` false, which null is not. `text` is how the value reads, `step` where a metric had it. */
export type Cell = { isPresent: boolean; value: unknown; text: string; step: number | null; difference: Difference | null; isBest: boolean };
/** A value set by hand may be called as a metric is, and `id` tells them apart. Of metrics (`isRated`) one may say which values are better. */
export type Row = { id: string; key: string; goal: Goal | null; isRated: boolean; cells: readonly Cell[] };
export type Section = { title: string; rows: readonly Row[] };

type Looking = { baseline: string; statistic: Statistic; find: string };

export function sectionsOf(comparison: Comparison, { baseline, statistic, find }: Looking): Section[] {
  const base = comparison.runs.findIndex(({ id }) => id === baseline);
  const wanted = find.trim().toLowerCase();
  const measured = (kind: MetricSummary["kind"]) =>
    comparison.metrics.filter(({ values }) => (values.find((value) => value !== null)?.kind ?? "metric") === kind).map((row) => metricRow(row, statistic, base));
  const valued = (rows: Comparison["config"]) => rows.map(({ key, values, is_present }) => rowOf({ id: `value ${key}`, key, goal: null }, values.map((value, index) => ({ value, isPresent: is_present[index] === true, step: null })), base));
  const sections = [
    { title: "Summary", rows: [...measured("metric"), ...valued(comparison.summary)] },
    { title: "Config", rows: valued(comparison.config) },
    { title: "Data", rows: valued(comparison.data) },
    { title: "Environment", rows: valued(comparison.environment) },
    { title: "Packages", rows: valued(comparison.packages) },
    { title: "System", rows: [...valued(comparison.system), ...measured("system")] },
  ];
  return sections.map(({ title, rows }) => ({ title, rows: rows.filter(({ key }) => key.toLowerCase().includes(wanted)) }));
}

/** What the ids of rows of metrics begin with. */
const MEASURED = "metric ";

type Given = Pick<Cell, "value" | "isPresent" | "step">;

function metricRow({ name, values, goal }: Comparison["metrics"][number], statistic: Statistic, base: number): Row {
  const given = values.map((summary): Given => ({ value: summary?.[statistic] ?? null, isPresent: summary !== null, step: summary === null ? null : stepOf(summary, statistic) }));
  return rowOf({ id: `${MEASURED}${name}`, key: name, goal: goal ?? null }, given, base);
}

function stepOf(summary: MetricSummary, statistic: Statistic): number | null {
  const word = statistic === "shown" ? (summary.summary ?? "last") : statistic;
  return word === "mean" ? null : summary[`${word}_step`];
}

function rowOf(named: Omit<Row, "cells" | "isRated">, given: readonly Given[], base: number): Row {
  const { goal } = named;
  const best = goal === null ? null : bestOf(given, goal);
  const baseline = given[base];
  const isRated = named.id.startsWith(MEASURED);
  const format = (value: number) => (isRated ? formatMeasure(named.key, value) : formatNumber(value));
  const cells = given.map((one, index): Cell => ({
    ...one,
    text: isRated && one.isPresent && one.value === null ? NO_NUMBER : textOf(one, format),
    difference: index === base ? null : differenceOf(one.value, baseline?.value, goal, format),
    isBest: best !== null && one.value === best,
  }));
  return { ...named, isRated, cells };
}

/** It was logged, and never as a finite number. */
const NO_NUMBER = "–";

/** Null where there is nothing to be better than. */
function bestOf(given: readonly Given[], goal: Goal): number | null {
  const numbers = given.flatMap(({ value }) => (typeof value === "number" && !Number.isNaN(value) ? [value] : []));
  if (new Set(numbers).size < 2) return null;
  return numbers.reduce((a, b) => (goal === "max" ? Math.max(a, b) : Math.min(a, b)));
}

const DIGEST = /^[0-9a-f]{40,64}$/;

function textOf({ isPresent, value }: Given, format: (value: number) => string): string {
  if (!isPresent) return "not logged";
  if (typeof value === "number") return format(value);
  if (value === "") return '""';
  return typeof value === "string" && DIGEST.test(value) ? value.slice(0, 12) : formatValue(value);
}

/** "−0.3 · −27.3 % · worse" */
export const differenceText = ({ absolute, relative, word }: Difference): string => [absolute, relative, word].filter((part) => part !== null).join(" · ");

const LONG = 120;

export const isLong = (text: string): boolean => text.length > LONG || text.includes("\n");

/** What became of a package or of data since the baseline, in a word. */
export function changeWord(title: string, cell: Cell, baseline: Cell | undefined): "added" | "removed" | "changed" | null {
  if (baseline === undefined || (title !== "Packages" && title !== "Data")) return null;
  if (cell.isPresent !== baseline.isPresent) return cell.isPresent ? "added" : "removed";
  return cell.value === baseline.value ? null : "changed";
}

type Copied = { runs: readonly string[]; sections: readonly Section[] };

/** Numbers as they were logged, so that a spreadsheet can go on with them. */
export function asCsv({ runs, sections }: Copied): string {
  const quoted = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const plain = ({ isPresent, value }: Cell) => (!isPresent ? "" : typeof value === "number" ? String(value) : formatValue(value));
  const lines = sections.flatMap(({ title, rows }) => rows.map(({ key, cells }) => [title, key, ...cells.map(plain)]));
  return [["section", "key", ...runs], ...lines].map((line) => line.map(quoted).join(",")).join("\n");
}

/** As one reads it on the page. */
export function asMarkdown({ runs, sections }: Copied): string {
  const escaped = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replace(/\s*\n\s*/g, " ");
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(" | ")} |`;
  const told = (cell: Cell) => `${cell.text}${cell.isBest ? " ★" : ""}${cell.difference === null ? "" : ` (${differenceText(cell.difference)})`}`;
  const rule = `| ${["", ...runs].map(() => "---").join(" | ")} |`;
  return [line(["", ...runs]), rule, ...sections.flatMap(({ rows }) => rows.map(({ key, cells }) => line([key, ...cells.map(told)])))].join("\n");
}
