/**
 * The states that a view went through, for undo and redo. Pure.
 *
 * What always holds: the state at `at` is the one that is shown. A step back with the browser's own button is a step
 * back here too.
 */

import type { Search } from "../address";
import { textOf } from "./held";
import { own } from "../own";

export type Steps = { states: readonly Search[]; at: number; /** When the last small change was made, and of what. */ small: { what: string; atMs: number } | null };

const MOST_STEPS = 100;
/** What is typed or drawn along a slider without a longer pause is one step. */
const PAUSE_MS = 1500;

export const firstStep = (state: Search): Steps => ({ states: [state], at: 0, small: null });

export const shownNow = ({ states, at }: Steps): Search => states[at] ?? {};
export const before = ({ states, at }: Steps): Search | null => states[at - 1] ?? null;
export const after = ({ states, at }: Steps): Search | null => states[at + 1] ?? null;

/** A view is changed at once, typed bit by bit, or come to by its address. */
export type How = "changed" | "typed" | "walked";

/** After the view has become this one. */
export function stepped(steps: Steps, state: Search, how: How, nowMs: number): Steps {
  const same = (other: Search | null) => other !== null && textOf(other) === textOf(state);
  if (same(shownNow(steps))) return steps;
  if (how === "walked" && same(before(steps))) return { ...steps, at: steps.at - 1, small: null };
  if (how === "walked" && same(after(steps))) return { ...steps, at: steps.at + 1, small: null };
  const isSmall = how === "typed";
  const what = changed(shownNow(steps), state).join();
  const goesOn = isSmall && steps.small?.what === what && nowMs - steps.small.atMs < PAUSE_MS;
  const states = [...steps.states.slice(0, goesOn ? steps.at : steps.at + 1), state].slice(-MOST_STEPS);
  return { states, at: states.length - 1, small: isSmall ? { what, atMs: nowMs } : null };
}

/** The parameters in which two views differ. */
export const changed = (one: Search, other: Search): string[] => [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((key) => (one[key] ?? "") !== (other[key] ?? "")).toSorted();

const WORDS: Readonly<Record<string, string>> = {
  archived: "archived runs",
  band: "shade",
  columns: "columns",
  filter: "filter",
  find: "chart search",
  folds: "folded sections",
  added: "added charts",
  heat: "heat columns",
  labels: "labels",
  log: "log scale",
  minus: "visible runs",
  names: "names of sections",
  of: "saved view",
  panels: "panels",
  pin: "pinned columns",
  pins: "pinned charts",
  plus: "visible runs",
  q: "filter",
  sections: "order of sections",
  show: "visible runs",
  smooth: "smoothing",
  sort: "order of runs",
  status: "filter",
  view: "list or table",
  widths: "column widths",
  x: "x axis",
  zoom: "zoom",
};

/** What differs between two views, for people: "filter and zoom". */
export function differenceInWords(one: Search, other: Search): string {
  const words = [...new Set(changed(one, other).map((key) => own(WORDS, key) ?? key))];
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}
