/**
 * A filter as a list of conditions that all have to hold, and a condition made of a key, an operator and a value. Pure.
 *
 * What cannot be taken apart so (an `or` outside of brackets) stays one condition, so nothing of a filter is lost.
 */

import { ATTRIBUTES } from "./filter";
import { written } from "./completion";
import { own } from "../own";

export type Kind = "number" | "text" | "any" | "tags" | "status" | "time";
export type Operator = { sign: string; label: string; takesValue: boolean };

const NEEDS = { takesValue: true };
const COMPARING: readonly Operator[] = [
  { sign: "==", label: "=", ...NEEDS },
  { sign: "!=", label: "≠", ...NEEDS },
];
const ORDERING: readonly Operator[] = [
  { sign: "<", label: "<", ...NEEDS },
  { sign: "<=", label: "≤", ...NEEDS },
  { sign: ">", label: ">", ...NEEDS },
  { sign: ">=", label: "≥", ...NEEDS },
];
const PARTS: readonly Operator[] = [
  { sign: "contains", label: "contains", ...NEEDS },
  { sign: "startswith", label: "starts with", ...NEEDS },
  { sign: "matches", label: "matches (regex)", ...NEEDS },
];
const PRESENCE: readonly Operator[] = [
  { sign: "is not None", label: "is there", takesValue: false },
  { sign: "is None", label: "is missing", takesValue: false },
];

export const OPERATORS: Readonly<Record<Kind, readonly Operator[]>> = {
  number: [...ORDERING, ...COMPARING, ...PRESENCE],
  text: [...COMPARING, ...PARTS, ...PRESENCE],
  any: [...COMPARING, ...ORDERING, ...PARTS, ...PRESENCE],
  tags: [
    { sign: "in", label: "have", ...NEEDS },
    { sign: "not in", label: "have not", ...NEEDS },
  ],
  status: COMPARING,
  time: [
    { sign: ">=", label: "since", ...NEEDS },
    { sign: "<", label: "before", ...NEEDS },
  ],
};

/** `key` is that of a column: "config.<key>", "metrics.<name>…" or what every run has. */
export function kindOf(key: string): Kind {
  if (key.startsWith("metrics.")) return "number";
  if (key === "tags" || key === "status") return key;
  const known = own(ATTRIBUTES, key);
  return known === undefined ? "any" : known === "time" ? "time" : known === "number" || known === "seconds" ? "number" : "text";
}

/** How the language writes what a column shows; `names` are the metrics that there are. */
export function operandOf(key: string, names: ReadonlySet<string>): string {
  if (key.startsWith("config.")) return written("config", key.slice("config.".length));
  if (!key.startsWith("metrics.")) return key;
  const label = key.slice("metrics.".length);
  const dot = label.lastIndexOf(".");
  return names.has(label) || dot < 1 ? written("metrics", label) : `${written("metrics", label.slice(0, dot))}.${label.slice(dot + 1)}`;
}

/** The condition in words of the language; null while the value is missing. */
export function clauseOf(operand: string, kind: Kind, { sign, takesValue }: Operator, value: string): string | null {
  if (!takesValue) return `${operand} ${sign}`;
  const text = value.trim();
  if (text === "" || (kind === "number" && !isNumber(text))) return null;
  const quoted = JSON.stringify(text);
  if (kind === "tags") return `${quoted} ${sign} tags`;
  if (sign === "contains") return `${quoted} in ${operand}`;
  if (sign === "startswith") return `${operand}.startswith(${quoted})`;
  if (sign === "matches") return `matches(${operand}, ${quoted})`;
  const isText = kind === "text" || kind === "status" || kind === "time" || !isNumber(text);
  return `${operand} ${sign} ${isText ? quoted : text}`;
}

const isNumber = (text: string) => /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text);

/** The conditions that stand beside each other with `and`. */
export function clausesOf(filter: string): string[] {
  const words = topWords(filter);
  if (filter.trim() === "" || words.some(({ word }) => word === "or")) return filter.trim() === "" ? [] : [filter.trim()];
  const ends = [...words.filter(({ word }) => word === "and").map(({ at }) => at), filter.length];
  let start = 0;
  return ends.map((end) => {
    const clause = filter.slice(start, end).trim();
    start = end + "and".length;
    return clause;
  }).filter((clause) => clause !== "");
}

export const filterOf = (clauses: readonly string[]): string =>
  clauses.map((clause) => (clauses.length > 1 && topWords(clause).some(({ word }) => word === "or") ? `(${clause})` : clause)).join(" and ");

/** Words outside of texts and brackets, with where they stand. */
function topWords(filter: string): { word: string; at: number }[] {
  const found: { word: string; at: number }[] = [];
  let depth = 0;
  for (const { 0: token, index } of filter.matchAll(/"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[([]|[)\]]|[\w.]+/g)) {
    if (token === "(" || token === "[") depth += 1;
    else if (token === ")" || token === "]") depth -= 1;
    else if (depth === 0) found.push({ word: token, at: index });
  }
  return found;
}
