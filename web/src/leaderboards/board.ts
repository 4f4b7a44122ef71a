/** What a leaderboard says, in words, and its best so far as a line. Pure. */

import type { BoardDefinition, BoardRow, ProgressStep, Refusal } from "../api";
import { formatNumber, formatValue, plural } from "../format";
import { type Goal, goalWords } from "../goals";

export const VALUES: readonly { value: BoardDefinition["value"] & string; label: string }[] = [
  { value: "shown", label: "the one that stands for the run" },
  { value: "last", label: "the last" },
  { value: "best", label: "the best" },
  { value: "max", label: "the highest" },
  { value: "min", label: "the lowest" },
  { value: "mean", label: "the mean" },
];

export const REFUSALS: Readonly<Record<Refusal["code"], string>> = {
  other_data: "other data",
  no_data: "data not named",
  no_evaluation: "no evaluation",
  no_score: "no score",
  not_finished: "not finished",
  repeated_seed: "repeated seed",
  run_deleted: "run deleted",
};

/** "val/acc, higher is better, on digits-val:v3". */
export function question({ metric, goal, data }: Pick<BoardDefinition, "metric" | "goal" | "data">): string {
  const better = goal === null || goal === undefined ? [] : [goalWords(goal)];
  return [metric, ...better, data === null || data === undefined ? "on whatever data" : `on ${data}`].join(", ");
}

/** "0.912 ± 0.004"; without a spread the score alone. */
export const scoreWords = ({ score, spread }: Pick<BoardRow, "score" | "spread">): string =>
  spread === null ? formatNumber(score) : `${formatNumber(score)} ± ${formatNumber(spread)}`;

/** What tells a family from the others. */
export const configWords = (config: BoardRow["config"]): string =>
  Object.entries(config).map(([key, value]) => `${key} = ${formatValue(value)}`).join(", ");

export const rowsWords = (count: number, rows: BoardDefinition["rows"]): string => (rows === "model" ? plural(count, "version") : plural(count, "family", "families"));

/** A place in a box of 100 by 100, from the left and from the top. */
export type Place = { x: number; y: number; step: ProgressStep };
export type Progress = { places: readonly Place[]; /** Corners of the line. */ corners: string; least: number; most: number };

/** Across until a better one came, then up or down to it; null without a step. Halves, as the whole may be beyond the numbers. */
export function progressLine(steps: readonly ProgressStep[]): Progress | null {
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined) return null;
  const scores = steps.map(({ score }) => score);
  const [least, most] = [Math.min(...scores), Math.max(...scores)];
  const lasted = last.time_ms - first.time_ms;
  const places = steps.map((step) => ({
    x: lasted === 0 ? 50 : ((step.time_ms - first.time_ms) / lasted) * 100,
    y: most === least ? 50 : 100 - ((step.score / 2 - least / 2) / (most / 2 - least / 2)) * 100,
    step,
  }));
  const corners = places.flatMap(({ x, y }, place) => {
    const before = places[place - 1];
    return before === undefined ? [`${String(x)},${String(y)}`] : [`${String(x)},${String(before.y)}`, `${String(x)},${String(y)}`];
  });
  return { places, corners: corners.join(" "), least, most };
}

/** The name that a leaderboard has until somebody gives it one. */
export const suggestedName = (task: string, metric: string, data: string): string => [task, metric, data].filter((part) => part.trim() !== "").join(" · ").slice(0, 100);

/** References to the newest versions of each artifact, the newest first. */
export function dataChoices(artifacts: readonly { name: string; version: number; kind: string }[], most = 5): string[] {
  const data = artifacts.filter(({ kind }) => kind !== "evaluation" && kind !== "model");
  return data.flatMap(({ name, version }) => Array.from({ length: Math.min(most, version) }, (_, back) => `${name}:v${String(version - back)}`));
}

export const goalChoice = (known: Goal | null): string => (known === null ? "choose…" : `as the project says: ${goalWords(known)}`);
