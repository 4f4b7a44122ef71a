/** What an alert about a metric that stopped being a number says in its details, checked: they come from any client. */

import type { Alert } from "../api";

export type GoodValue = { step: number; value: number };

/** `word` is "nan", "inf" or "-inf"; `lastGood` are the values before, oldest first. */
export type Finding = { metric: string; word: string; lastGood: GoodValue[] };

export function findingOf({ kind, details }: Pick<Alert, "kind" | "details">): Finding | null {
  const { metric, value, last_good } = details as Record<string, unknown>;
  if (kind !== "nan" || typeof metric !== "string") return null;
  const listed: unknown[] = Array.isArray(last_good) ? last_good : [];
  return { metric, word: typeof value === "string" ? value : "nan", lastGood: listed.flatMap(goodValue) };
}

function goodValue(pair: unknown): GoodValue[] {
  if (!Array.isArray(pair)) return [];
  const [step, value] = pair as unknown[];
  return typeof step === "number" && typeof value === "number" ? [{ step, value }] : [];
}
