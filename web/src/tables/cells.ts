/** Cells of a table as words, and as CSV. What comes from a file is any JSON, and is never taken for anything else. */

import type { TableColumn } from "../api";
import { formatNumber } from "../format";

export type ColumnType = TableColumn["type"];

/** A picture or sound in a cell. `address` is null where there is none. */
export type MediaCell = { kind: string; file: string; caption: string; address: string | null };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

const textIn = (value: Record<string, unknown>, name: string): string => {
  const found = Object.hasOwn(value, name) ? value[name] : undefined;
  return typeof found === "string" ? found : "";
};

/** Only addresses of this server are followed: the file that the cell is of could name any. */
export function mediaIn(value: unknown): MediaCell | null {
  if (!isObject(value) || textIn(value, "file") === "") return null;
  const address = textIn(value, "content_url");
  return { kind: textIn(value, "kind"), file: textIn(value, "file"), caption: textIn(value, "caption"), address: address.startsWith("/api/v1/") ? address : null };
}

/** A moment beyond what a date can be is shown as its number. */
function momentText(ms: number): string {
  const moment = new Date(ms);
  return Number.isNaN(moment.getTime()) ? String(ms) : moment.toISOString().replace("T", " ").replace(/\.000Z$|Z$/, "");
}

export function cellText(value: unknown, type: ColumnType): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return type === "time" ? momentText(value) : formatNumber(value);
  return plainText(value);
}

/** As it is, for copying. */
export function plainText(value: unknown): string {
  if (value === null || value === undefined) return "";
  const media = mediaIn(value);
  if (media !== null) return media.caption === "" ? media.file : `${media.file} (${media.caption})`;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** By RFC 4180. What a spreadsheet would take for a formula has an apostrophe before it. */
export function csvOf(names: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [names, ...rows].map((row) => row.map(csvField).join(",")).join("\r\n");
}

function csvField(value: unknown): string {
  const text = plainText(value);
  const safe = typeof value !== "number" && /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
