/** Which columns a run table has, what stands in their cells, and by which key the server sorts them. Pure. */

import type { Keys, RunRow } from "../api";
import { isHeldOut } from "../charts/sections";
import { formatMoment, formatValue } from "../format";

/** `key` is the server's: "config.<key>", "metrics.<name>" or "metrics.<name>.<statistic>". */
export type Column = { key: string; label: string; kind: "config" | "metric" };

const STATISTICS = ["last", "min", "max", "mean", "count"] as const;
type Statistic = (typeof STATISTICS)[number];

export function columnOf(key: string): Column {
  if (key.startsWith("metrics.")) return { key, kind: "metric", label: key.slice("metrics.".length) };
  return { key, kind: "config", label: key.replace(/^config\./, "") };
}

/** What was chosen, or else what tells the runs apart: config that varies, then metrics that most runs have. */
export function columnKeys(chosen: readonly string[] | null, keys: Keys | undefined): string[] {
  if (chosen !== null) return [...chosen];
  if (keys === undefined) return [];
  const config = keys.config.filter(({ value_count }) => value_count > 1).toSorted((a, b) => b.run_count - a.run_count).slice(0, 3);
  const metrics = keys.metrics.filter(({ kind }) => kind === "metric").toSorted((a, b) => weight(b) - weight(a)).slice(0, 3);
  return [...metrics.map(({ name }) => `metrics.${name}`), ...config.map(({ key }) => `config.${key}`)];
}

const weight = ({ name, run_count }: { name: string; run_count: number }) => run_count * (isHeldOut(name) ? 2 : 1);

/** A name may itself end in ".max": the summary that the row has decides. */
function splitStatistic(row: RunRow, label: string): { name: string; statistic: Statistic } {
  if (row.metrics[label] !== undefined) return { name: label, statistic: "last" };
  const dot = label.lastIndexOf(".");
  const statistic = STATISTICS.find((one) => one === label.slice(dot + 1));
  return statistic === undefined ? { name: label, statistic: "last" } : { name: label.slice(0, dot), statistic };
}

export function cellValue(row: RunRow, column: Column): unknown {
  if (column.kind === "config") return row.config[column.label];
  const { name, statistic } = splitStatistic(row, column.label);
  return row.metrics[name]?.[statistic] ?? row.summary[column.label];
}

export const cellText = (value: unknown): string => (value === undefined || value === null ? "" : formatValue(value));

/** The whole value, as it is copied. */
export const cellTitle = (value: unknown): string => (typeof value === "number" ? String(value) : cellText(value));

/** What pasting into a sheet or a document needs. */
export function tableAsCsv(rows: readonly RunRow[], columns: readonly Column[]): string {
  const head = ["name", "id", "status", "created", ...columns.map(({ label }) => label)];
  const body = rows.map((row) => [row.name, row.id, row.status, formatMoment(row.created_ms), ...columns.map((column) => csvValue(cellValue(row, column)))]);
  return [head, ...body].map((line) => line.map(quoted).join(",")).join("\n");
}

const csvValue = (value: unknown) => (typeof value === "number" ? String(value) : cellText(value));
const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

