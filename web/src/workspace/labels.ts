/**
 * By which values of the config runs are told apart beside their names: the few in which the visible ones differ, or
 * those that somebody chose. Pure.
 */

import { type Search, joinList, splitList } from "../address";
import type { Keys } from "../api";
import type { Note } from "../charts/figure";
import { formatValue } from "../format";

/** Keys of the config, as columns have them ("config.lr"); null for those in which the visible runs differ. */
export type Labels = string[] | null;

export const readLabels = (search: Search): Labels => (search["labels"] === undefined ? null : search["labels"] === "none" ? [] : splitList(search["labels"]).filter(isConfig));

export const writeLabels = (labels: Labels): Search => ({ labels: labels === null ? undefined : (joinList(labels) ?? "none") });

const PREFIX = "config.";
const isConfig = (key: string) => key.startsWith(PREFIX);
const nameOf = (key: string) => key.slice(PREFIX.length);

/** So many keys tell runs apart without hiding their names. */
const MOST = 3;
/** So many keys are fetched with every run, to choose from. */
const MOST_ASKED = 12;
const MOST_LETTERS = 20;

/** The keys that the runs are asked for: what was chosen, or what may tell the visible ones apart, always in one order. */
export function labelCandidates(labels: Labels, keys: Keys | undefined): string[] {
  if (labels !== null) return labels;
  return (keys?.config ?? [])
    .filter(({ value_count }) => value_count > 1)
    .toSorted((a, b) => Number(isAlwaysNew(a)) - Number(isAlwaysNew(b)) || b.run_count - a.run_count || a.value_count - b.value_count)
    .slice(0, MOST_ASKED)
    .map(({ key }) => PREFIX + key)
    .toSorted();
}

const isAlwaysNew = ({ key, run_count, value_count }: Keys["config"][number]) => isIncidental(key) || (run_count > MOST_ASKED && value_count === run_count);

type Config = Readonly<Record<string, unknown>>;
type Known = string | number | boolean | null | undefined;

/**
 * Of the candidates those that tell these runs apart: few values before many and short before long, each only where it
 * tells more of them apart than those before it. A seed, a path or a long text is taken where nothing else differs.
 */
export function differing(candidates: readonly string[], configs: readonly Config[]): string[] {
  const found = candidates.flatMap((key) => {
    const values = configs.map((config) => comparable(config[nameOf(key)]));
    const kinds = new Set(values);
    return kinds.size < 2 ? [] : [{ key, values, kinds: kinds.size, letters: lettersOf(kinds), isLast: isIncidental(nameOf(key)) || [...kinds].some(isPath) }];
  });
  const better = found.filter(({ isLast }) => !isLast);
  const ranked = (better.length > 0 ? better : found).toSorted((a, b) => a.kinds - b.kinds || a.letters - b.letters || (a.key < b.key ? -1 : 1));
  const chosen: string[] = [];
  let told: readonly string[] = configs.map(() => "");
  let count = 1;
  for (const { key, values } of ranked) {
    const next = told.map((before, index) => `${before}\n${String(values[index])}`);
    const now = new Set(next).size;
    if (now === count) continue;
    chosen.push(key);
    if (chosen.length === MOST) break;
    [told, count] = [next, now];
  }
  return chosen;
}

const comparable = (value: unknown): Known => (typeof value === "object" && value !== null ? JSON.stringify(value) : (value as Known));

const lettersOf = (kinds: ReadonlySet<Known>) => [...kinds].reduce<number>((most, value) => Math.max(most, String(value).length), 0);

/** What differs from run to run without meaning anything. */
const isIncidental = (key: string) => /(^|[._-])(seed|id|uuid|path|dir|directory|folder|file|url|host|port|date|time|timestamp)s?$/i.test(key);

const isPath = (value: Known) => typeof value === "string" && (value.length > 2 * MOST_LETTERS || /^(\.{0,2}\/|~|[a-z]:\\|[a-z]+:\/\/)/i.test(value));

/** What stands beside the name of a run; null where it has none of these keys. */
export function noteOf(config: Config, keys: readonly string[]): Note | null {
  const names = keys.map(nameOf).filter((name) => config[name] !== undefined);
  if (names.length === 0) return null;
  const lasts = keys.map((key) => lastPart(nameOf(key)));
  const isClear = (name: string) => !/^_?(name|type|kind|class|target|value)_?$/i.test(lastPart(name)) && lasts.filter((last) => last === lastPart(name)).length === 1;
  return {
    text: names.map((name) => `${isClear(name) ? lastPart(name) : name} ${shortened(formatValue(config[name]))}`).join(" · "),
    full: names.map((name) => `${name} ${typeof config[name] === "number" ? String(config[name]) : formatValue(config[name])}`).join("\n"),
  };
}

const lastPart = (name: string) => name.slice(name.lastIndexOf(".") + 1);

const shortened = (text: string) => (text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS - 1)}…` : text);
