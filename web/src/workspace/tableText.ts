/** Rows of runs as text, for sheets, documents, programs and filters. Pure. */

import type { RunRow } from "../api";
import { formatMoment } from "../format";
import { type Column, type Goals, cellText, cellValue } from "./columns";

const HEAD = ["name", "id", "status", "created"];

export const tableAsCsv = (rows: readonly RunRow[], columns: readonly Column[], goals?: Goals): string =>
  lines(rows, columns, goals).map((line) => line.map(quoted).join(",")).join("\n");

const quoted = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** As GitHub and most notebooks read it. */
export function tableAsMarkdown(rows: readonly RunRow[], columns: readonly Column[], goals?: Goals): string {
  const [head = [], ...body] = lines(rows, columns, goals).map((line) => line.map(escaped));
  return [head, head.map(() => "---"), ...body].map((line) => `| ${line.join(" | ")} |`).join("\n");
}

const escaped = (text: string) => text.replace(/[\\|]/g, "\\$&").replace(/\s*\n\s*/g, " ");

/** Numbers stay numbers, whole. */
export const tableAsJson = (rows: readonly RunRow[], columns: readonly Column[], goals?: Goals): string =>
  JSON.stringify(
    rows.map((row) => ({
      name: row.name,
      id: row.id,
      status: row.status,
      created_ms: row.created_ms,
      ...Object.fromEntries(columns.map((column) => [column.key, cellValue(row, column, goals) ?? null])),
    })),
    null,
    2,
  );

/** A filter that finds just these runs. */
export const runsAsFilter = (ids: readonly string[]): string => `id in [${ids.map((id) => JSON.stringify(id)).join(", ")}]`;

function lines(rows: readonly RunRow[], columns: readonly Column[], goals?: Goals): string[][] {
  const shown = columns.filter(({ key, kind }) => key !== "created" && key !== "id" && kind !== "curve");
  const body = rows.map((row) => [row.name, row.id, row.status, formatMoment(row.created_ms), ...shown.map((column) => whole(cellValue(row, column, goals)))]);
  return [[...HEAD, ...shown.map(({ label }) => label)], ...body];
}

const whole = (value: unknown) => (typeof value === "number" ? String(value) : cellText(value));
