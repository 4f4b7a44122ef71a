/** JSON as a tree that is unfolded a level at a time, and searched without a stack: it may be as deep as it likes. Pure. */

export type Read = { kind: "ready"; value: unknown } | { kind: "failed"; reason: string };

export function readJson(text: string): Read {
  try {
    const value: unknown = JSON.parse(text);
    return { kind: "ready", value };
  } catch (error) {
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

/** What lies in a value, by name; null for one that holds nothing. */
export function insideOf(value: unknown): [string, unknown][] | null {
  if (Array.isArray(value)) return value.map((one: unknown, index) => [String(index), one]);
  return typeof value === "object" && value !== null ? Object.entries(value) : null;
}

/** How many things lie directly in a value. */
export const countOf = (value: unknown): number => (Array.isArray(value) ? value.length : typeof value === "object" && value !== null ? Object.keys(value).length : 0);

export const placeOf = (path: readonly string[]): string => path.map((part) => (/^[A-Za-z_][\w-]*$/.test(part) ? `.${part}` : /^\d+$/.test(part) ? `[${part}]` : `[${JSON.stringify(part)}]`)).join("").replace(/^\./, "");

export type Found = { place: string; value: unknown };

const MOST_FOUND = 200;

/** The plain values whose name or text has the words, the first of them in order. */
export function findIn(value: unknown, words: string): Found[] {
  const wanted = words.trim().toLowerCase();
  const found: Found[] = [];
  const waiting: { path: Path | null; name: string; value: unknown }[] = [{ path: null, name: "", value }];
  while (found.length < MOST_FOUND) {
    const one = waiting.pop();
    if (one === undefined) break;
    const inside = insideOf(one.value);
    const path = one.path === null && one.name === "" ? null : { before: one.path, name: one.name };
    if (inside === null) {
      if (one.name.toLowerCase().includes(wanted) || String(one.value).toLowerCase().includes(wanted)) found.push({ place: placeOf(namesOf(path)), value: one.value });
      continue;
    }
    for (const [name, child] of inside.reverse()) waiting.push({ path, name, value: child });
  }
  return found;
}

/** A path shares its beginning with those beside it: of a deep file each would else have a copy. */
type Path = { before: Path | null; name: string };

function namesOf(path: Path | null): string[] {
  const names: string[] = [];
  for (let one = path; one !== null; one = one.before) names.push(one.name);
  return names.reverse();
}
