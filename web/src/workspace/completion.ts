/**
 * What may stand next in a filter: names, what they have, and operators. Pure.
 *
 * It reads only what stands before the caret, and as little of it as tells what is meant; whether the whole is a filter
 * the server alone says.
 */

import { ATTRIBUTES, isExpression } from "./filter";
import { STATUSES } from "./view";

/** `insert` takes the place of the text from `from` to the caret. */
export type Completion = { label: string; note: string; insert: string };
export type Completions = { from: number; word: string; options: readonly Completion[] };
export type Names = { config: readonly string[]; metrics: readonly string[] };

type Group = "config" | "metrics" | "summary";

/** A longer list is for who types another letter. */
export const MOST_OPTIONS = 50;

const STATISTICS: readonly [string, string][] = [
  ["last", "the last value"],
  ["min", "the least"],
  ["max", "the greatest"],
  ["mean", "the mean of all"],
  ["best", "min or max, as its goal says"],
  ["count", "how many points"],
  ["last_step", "the step of the last"],
];
const FUNCTIONS: readonly Completion[] = [
  { label: "days_ago(…)", note: "time", insert: "days_ago(" },
  { label: "hours_ago(…)", note: "time", insert: "hours_ago(" },
  { label: "minutes_ago(…)", note: "time", insert: "minutes_ago(" },
  { label: 'date("…")', note: "time", insert: 'date("' },
  { label: "matches(…)", note: "a regular expression", insert: "matches(" },
];
const PARTS: readonly Completion[] = ["contains", "startswith", "endswith"].map((name) => ({ label: `${name}("…")`, note: "of a text", insert: `${name}("` }));
const SIGNS: readonly [string, string][] = [
  ["==", "equal"],
  ["!=", "not equal"],
  ["<", "less"],
  ["<=", "less or equal"],
  [">", "greater"],
  [">=", "greater or equal"],
  ["in", "one of a list, or part of a text"],
  ["not in", "none of a list"],
  ["is None", "missing"],
  ["is not None", "there"],
];
const JOINS: readonly [string, string][] = [
  ["and", "both"],
  ["or", "one of them"],
];
const TEXT_ATTRIBUTES = Object.entries(ATTRIBUTES).flatMap(([name, kind]) => (kind === "text" ? [name] : []));
const RESERVED = new Set(
  "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(" "),
);

const NOTHING: Completions = { from: 0, word: "", options: [] };

export function completionsAt(text: string, caret: number, names: Names): Completions {
  const before = text.slice(0, caret);
  return inBrackets(before, names) ?? ofStatus(before) ?? (endsInText(before) ? NOTHING : (ofMetric(before) ?? afterDot(before, names) ?? ofText(before) ?? freely(before, names)));
}

/** `metrics["val` */
function inBrackets(before: string, names: Names): Completions | null {
  const found = /\b(config|metrics|summary)\[\s*(?:"([^"]*)|'([^']*))$/.exec(before);
  if (found === null) return null;
  const group = found[1] as Group;
  const word = found[2] ?? found[3] ?? "";
  return { from: found.index, word, options: matching(named(group, names), word) };
}

/** `status == "fin` */
function ofStatus(before: string): Completions | null {
  const found = /\bstatus\s*(?:==|!=)\s*["']?(\w*)$/.exec(before);
  if (found === null) return null;
  const word = found[1] ?? "";
  const from = /["']?\w*$/.exec(before)?.index ?? before.length;
  return { from, word, options: matching(STATUSES.map((status) => ({ label: status, note: "status", insert: `"${status}" ` })), word) };
}

/** `metrics["val/acc"]`, `metrics["val/acc"].m` and `metrics.loss.m` */
function ofMetric(before: string): Completions | null {
  const found = /\bmetrics(?:\[(?:"[^"]*"|'[^']*')\](?:\.(\w*))?|\.[A-Za-z_]\w*\.(\w*))$/.exec(before);
  if (found === null) return null;
  const word = found[1] ?? found[2] ?? "";
  const from = /(?:\.\w*)?$/.exec(before)?.index ?? before.length;
  return { from, word, options: matching(STATISTICS.map(([name, note]) => ({ label: `.${name}`, note, insert: `.${name} ` })), word) };
}

/** `config.opt` */
function afterDot(before: string, names: Names): Completions | null {
  const found = /\b(config|metrics|summary)\.([\w.]*)$/.exec(before);
  if (found === null) return null;
  const word = found[2] ?? "";
  return { from: found.index, word, options: matching(named(found[1] as Group, names), word) };
}

/** `name.starts` */
function ofText(before: string): Completions | null {
  const found = /\b([a-z_]+)\.(\w*)$/.exec(before);
  if (found === null || !TEXT_ATTRIBUTES.includes(found[1] ?? "")) return null;
  const word = found[2] ?? "";
  return { from: before.length - word.length, word, options: matching(PARTS, word) };
}

/** A name where one is expected, else an operator. */
function freely(before: string, names: Names): Completions {
  const word = /(?:^|[\s(,[]|[=<>])([A-Za-z_][\w/.-]*)$/.exec(before)?.[1] ?? "";
  const from = before.length - word.length;
  const earlier = before.slice(0, from);
  if (/(?:^|[(,[]|==|!=|[<>]=?|\b(?:and|or|not|in))\s*$/.test(earlier)) return { from, word, options: matching(operands(names), word) };
  if (!/\s$/.test(earlier) || !isAboutRuns(earlier)) return NOTHING;
  const piece = earlier.split(/\b(?:and|or)\b|\(/).at(-1) ?? "";
  const isCompared = /[=<>]|\b(?:in|is)\b|\)\s*$/.test(piece);
  const options = (isCompared ? JOINS : [...SIGNS, ...JOINS]).map(([sign, note]) => ({ label: sign, note, insert: `${sign} ` }));
  return { from, word, options: options.filter(({ label }) => label.startsWith(word)) };
}

/** Plain words are let alone. */
const isAboutRuns = (text: string) => isExpression(text) || Object.hasOwn(ATTRIBUTES, text.trim());

function endsInText(before: string): boolean {
  let quote: string | null = null;
  for (let index = 0; index < before.length; index += 1) {
    const character = before[index] ?? "";
    if (quote !== null && character === "\\") index += 1;
    else if (quote !== null) quote = character === quote ? null : quote;
    else if (character === '"' || character === "'") quote = character;
  }
  return quote !== null;
}

function operands(names: Names): Completion[] {
  return [
    ...Object.entries(ATTRIBUTES).map(([name, note]) => ({ label: name, note, insert: `${name} ` })),
    ...named("config", names),
    ...named("metrics", names),
    ...FUNCTIONS,
    { label: "not", note: "the opposite", insert: "not " },
  ];
}

/** Of a metric one says next which of its values is meant. What was set by hand in a summary no route lists. */
function named(group: Group, { config, metrics }: Names): Completion[] {
  if (group === "config") return config.map((name) => ({ label: name, note: "config", insert: `${written("config", name)} ` }));
  return group === "metrics" ? metrics.map((name) => ({ label: name, note: "metric", insert: written("metrics", name) })) : [];
}

/** As the language writes it: with a dot where it can be, in brackets and quotes where there are signs in it. */
export function written(group: "config" | "metrics", name: string): string {
  const parts = group === "config" ? name.split(".") : [name];
  const isPlain = parts.every((part) => /^[A-Za-z_]\w*$/.test(part) && !RESERVED.has(part));
  return isPlain ? `${group}.${name}` : `${group}[${JSON.stringify(name)}]`;
}

/** Those that begin with the word, then those that have it somewhere. */
function matching(options: readonly Completion[], word: string): Completion[] {
  const wanted = word.toLowerCase();
  const places = options.map((option) => ({ option, at: option.label.replace(/^\./, "").toLowerCase().indexOf(wanted) }));
  const first = places.filter(({ at }) => at === 0);
  const other = places.filter(({ at }) => at > 0);
  return [...first, ...other].slice(0, MOST_OPTIONS).map(({ option }) => option);
}
