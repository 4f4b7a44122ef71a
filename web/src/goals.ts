/** Which values of a metric are better: what a person has said for the project, else what its runs define. Never guessed. */

import type { ProjectGoals } from "./api";
import { own } from "./own";

export type Goal = "min" | "max";
export type GoalOf = (metric: string) => Goal | null;

const BEGINNING = "*";

/** Of the patterns that fit, the name itself counts, then the longest beginning. */
export function goalIn({ chosen, defined }: ProjectGoals, metric: string): Goal | null {
  const said = own(chosen, metric) ?? defined.find(({ pattern }) => pattern === metric)?.goal;
  if (said !== undefined) return said;
  const fitting = defined.filter(({ pattern }) => pattern.endsWith(BEGINNING) && metric.startsWith(pattern.slice(0, -1)));
  return fitting.reduce<(typeof fitting)[number] | null>((best, one) => (best === null || one.pattern.length > best.pattern.length ? one : best), null)?.goal ?? null;
}

export const goalWords = (goal: Goal): string => `${goal === "max" ? "higher" : "lower"} is better`;
