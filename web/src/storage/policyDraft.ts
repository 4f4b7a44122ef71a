/** What stands in the fields of a policy, and the policy that it says. Pure. */

import type { RetentionPolicy } from "../api";
import { NO_POLICY } from "./words";

export type PolicyDraft = { best: string; metric: string; goal: "" | "min" | "max"; last: string; days: string };
export type PolicyField = "best" | "metric" | "goal" | "last" | "days";
type Read = { policy: RetentionPolicy; problems: Partial<Record<PolicyField, string>> };

const MOST_VERSIONS = 10_000;
const MOST_DAYS = 100_000;

export const draftOf = (policy: Partial<RetentionPolicy>): PolicyDraft => ({
  best: said(policy.keep_best),
  metric: policy.metric ?? "",
  goal: (policy.keep_best ?? null) === null ? "" : (policy.goal ?? "max"),
  last: said(policy.keep_last),
  days: said(policy.ttl_days),
});

const said = (value: number | null | undefined): string => (value === null || value === undefined ? "" : String(value));

/** `usual` is which values of the metric are better where nobody says so here; null where that is not known. */
export function readDraft(draft: PolicyDraft, usual: "min" | "max" | null): Read {
  const [best, last, days] = [numberIn(draft.best), numberIn(draft.last), numberIn(draft.days)];
  const metric = draft.metric.trim();
  const goal = draft.goal === "" ? usual : draft.goal;
  const problems: Read["problems"] = {};
  if (!isCount(best)) problems.best = countProblem(draft.best);
  else if (best === null && metric !== "") problems.best = "How many of the best stay? Or leave the metric empty.";
  if (best !== null && metric === "") problems.metric = "The best by which metric? Name one, such as val/acc.";
  else if (best !== null && goal === null) problems.goal = `Say which values of ${metric} are better.`;
  if (!isCount(last)) problems.last = countProblem(draft.last);
  if (days !== null && !(days >= 0 && days <= MOST_DAYS)) problems.days = `Days are a number from 0 to 100,000, not “${draft.days.trim()}”.`;
  return { problems, policy: { ...NO_POLICY, keep_best: best, metric: best === null ? "" : metric, goal: best === null ? "max" : (goal ?? "max"), keep_last: last, ttl_days: days } };
}

const numberIn = (text: string): number | null => (text.trim() === "" ? null : Number(text));

const isCount = (value: number | null): boolean => value === null || (Number.isInteger(value) && value >= 1 && value <= MOST_VERSIONS);

const countProblem = (text: string) => `It takes a whole number from 1 to 10,000, not “${text.trim()}”.`;
