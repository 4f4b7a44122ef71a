/** Saying which values of a metric are better: for the whole project, so that everybody's page rates it so from then on. */

import { api, reasonOf } from "./api";
import { toast } from "./frame/Toasts";
import { type Goal, goalWords } from "./goals";
import type { MenuEntry } from "./parts/Menu";
import { client } from "./queries";

/** All that rates runs: the goals themselves, the names and the ranges that tell them, comparisons and ranks. */
const RATED = new Set(["goals", "keys", "ranges", "compare", "best run"]);

/** Null leaves it to what the runs define. */
export async function chooseGoal(project: string, metric: string, goal: Goal | null): Promise<void> {
  try {
    await api.chooseGoal(project, { metric, goal });
  } catch (error) {
    toast({ text: `Not saved: ${reasonOf(error)}`, isBad: true });
    return;
  }
  toast({ text: goal === null ? `What is better of ${metric} is left to its runs` : `${metric}: ${goalWords(goal)}, in all of ${project}` });
  await client.invalidateQueries({ predicate: ({ queryKey: [kind] }) => typeof kind === "string" && RATED.has(kind) });
}

export const goalEntries = (project: string, metric: string, goal: Goal | null, reason: string | undefined): MenuEntry[] => [
  { kind: "heading", label: `Better, of ${metric}` },
  { kind: "choice", label: "Higher is better", isChosen: goal === "max", reason, onSelect: () => void chooseGoal(project, metric, "max") },
  { kind: "choice", label: "Lower is better", isChosen: goal === "min", reason, onSelect: () => void chooseGoal(project, metric, "min") },
  { kind: "choice", label: "As the runs say", isChosen: false, reason, onSelect: () => void chooseGoal(project, metric, null) },
];
