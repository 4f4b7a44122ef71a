/** A range as two fields of a form: times as the user's zone has them, time since the start in seconds. Pure. */

import type { Range, XAxis } from "./figure";

export type Ends = { from: string; to: string };

const SECOND = 1000;
const MINUTE = 60 * SECOND;

export function endsOf(axis: XAxis, range: Range | null): Ends {
  if (range === null) return { from: "", to: "" };
  const [from, to] = range;
  return { from: fieldOf(axis, from), to: fieldOf(axis, to) };
}

function fieldOf(axis: XAxis, value: number): string {
  if (axis === "relative_time") return String(value / SECOND);
  if (axis !== "time") return String(value);
  // such a field has no zone: it means the one that the browser is in
  const local = value - new Date(value).getTimezoneOffset() * MINUTE;
  return new Date(local).toISOString().slice(0, 19);
}

/** Two empty fields are no range; "wrong" is anything else that is none. */
export function rangeOf(axis: XAxis, { from, to }: Ends): Range | null | "wrong" {
  if (from === "" && to === "") return null;
  const [low, high] = [numberOf(axis, from), numberOf(axis, to)];
  return low < high ? [low, high] : "wrong";
}

function numberOf(axis: XAxis, text: string): number {
  if (text === "") return NaN;
  if (axis === "time") return Date.parse(text);
  return axis === "relative_time" ? Number(text) * SECOND : Number(text);
}
