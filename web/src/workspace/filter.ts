/**
 * The one field above the list of runs: plain words, or an expression of the filter language. Pure.
 *
 * Words are looked for in names, tags and texts, as ever. A text is an expression where it says something that only an
 * expression says: a comparison, a value of the config, a function. At most one of the two narrows a list.
 */

export type Narrowing = { text: string; filter: string };

/** What a filter can name of every run, and what kind of value that is. */
export const ATTRIBUTES: Readonly<Record<string, string>> = {
  name: "text",
  status: "status",
  tags: "tags",
  created: "time",
  duration: "seconds",
  group: "text",
  job_type: "text",
  user: "text",
  notes: "text",
  number: "number",
  id: "text",
  parent: "text",
  started: "time",
  finished: "time",
  heartbeat: "time",
  archived: "yes or no",
};

const WORDS: readonly string[] = ["and", "or", "not", ...Object.keys(ATTRIBUTES)];

/** Any of these is found in no plain words, or so seldom that an expression is meant. */
const SIGNS_OF_ONE: readonly RegExp[] = [
  /[<>=]/,
  /^\s*["']/,
  /\b(?:config|metrics|summary)\s*[.[]/,
  /\b(?:days_ago|hours_ago|minutes_ago|date|matches|contains|startswith|endswith)\s*\(/,
  /\bin\s*(?:tags\b|\[|\()/,
  /\bis\s+(?:not\s+)?None\b/,
];

export function isExpression(text: string): boolean {
  if (SIGNS_OF_ONE.some((sign) => sign.test(text))) return true;
  const words = text.trim().split(/[\s()]+/).filter((word) => word !== "");
  return words.length > 1 && words.every((word) => WORDS.includes(word));
}

export const narrowingOf = (field: string): Narrowing => (isExpression(field) ? { text: "", filter: field } : { text: field, filter: "" });

/** What stands in the field. */
export const fieldOf = ({ text, filter }: Narrowing): string => (filter === "" ? text : filter);

/** The last twenty, each once, the newest first. */
const MOST_LAST = 20;
export const withFilter = (last: readonly string[], filter: string): string[] => [filter, ...last.filter((one) => one !== filter)].slice(0, MOST_LAST);

/** So much of a filter is shown on either side of the place that is marked in it. */
const AROUND = 24;

export type Place = { before: string; marked: string; after: string };

/** The filter around its `position`th character, counted from 1 by code points, as the server counts; null without one. */
export function placeIn(filter: string, position: number | null): Place | null {
  if (position === null) return null;
  const characters = [...filter];
  const at = Math.min(Math.max(0, position - 1), characters.length);
  const rest = characters.slice(at).join("");
  // a whole word or sign is easier to see than a letter; behind the end there is nothing, and a blank stands for it
  const marked = /^(?:\w+|\S)/u.exec(rest)?.[0] ?? "";
  const following = [...rest.slice(marked.length)];
  const start = Math.max(0, at - AROUND);
  return {
    before: `${start > 0 ? "…" : ""}${characters.slice(start, at).join("")}`,
    marked,
    after: `${following.slice(0, AROUND).join("")}${following.length > AROUND ? "…" : ""}`,
  };
}
