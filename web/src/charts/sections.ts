/** Which metrics are shown under which heading, and which of them a search leaves. Pure. */

export type Section = { name: string; metrics: string[] };

/** The part before the last `/`; metrics without one are together under "". */
export const prefixOf = (metric: string): string => metric.slice(0, Math.max(0, metric.lastIndexOf("/")));
export const lastPartOf = (metric: string): string => metric.slice(metric.lastIndexOf("/") + 1);

/** The section of metrics that have no prefix, or one of their own. */
export const OTHER = "";

/** Sections by name with the others and then the system last; metrics within one by name, numbers in them as numbers. */
export function sectionsOf(metrics: readonly string[]): Section[] {
  const byPrefix = Map.groupBy(metrics, prefixOf);
  // a row of the page for a single chart would be mostly empty
  const isAlone = (prefix: string) => byPrefix.get(prefix)?.length === 1 && !isSystem(prefix);
  const groups = Map.groupBy(metrics, (metric) => (isAlone(prefixOf(metric)) ? OTHER : prefixOf(metric)));
  return [...groups]
    .map(([name, names]) => ({ name, metrics: names.toSorted(byName) }))
    .toSorted((a, b) => rank(a.name) - rank(b.name) || byName(a.name, b.name));
}

const byName = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });
const rank = (name: string) => (isSystem(name) ? 2 : name === OTHER ? 1 : 0);

export const isSystem = (name: string) => name === "system" || name.startsWith("system/");

/** Whether a metric tells of data that the run did not learn from, which says most about it. */
export const isHeldOut = (metric: string) => /^(val|valid|validation|test|eval)\b/i.test(metric);

/** With so many metrics only the first section is open, so that a page does not ask for everything. */
const MANY = 100;

export function foldedAtFirst(sections: readonly Section[]): Set<string> {
  const isMany = sections.reduce((sum, section) => sum + section.metrics.length, 0) > MANY;
  return new Set(sections.filter((section, index) => isSystem(section.name) || (isMany && index > 0)).map(({ name }) => name));
}

const SIGNS = /[\\^$.*+?()[\]{}|]/g;

/** What to search for to find one metric. */
export const searchFor = (metric: string): string => (metric.match(SIGNS) === null ? metric : `^${metric.replace(SIGNS, "\\$&")}$`);

export type Match = { metrics: string[]; error: string | null };

/** Plain text finds names that contain it; text with signs of a regular expression is one. Case is ignored. */
export function matchMetrics(metrics: readonly string[], search: string): Match {
  const text = search.trim();
  if (text === "") return { metrics: [...metrics], error: null };
  if (text.match(SIGNS) === null) {
    const lower = text.toLowerCase();
    return { metrics: metrics.filter((metric) => metric.toLowerCase().includes(lower)), error: null };
  }
  try {
    const pattern = new RegExp(text, "i");
    return { metrics: metrics.filter((metric) => pattern.test(metric)), error: null };
  } catch (error) {
    return { metrics: [...metrics], error: sentence(error) };
  }
}

/** "Invalid regular expression: /a(/i: Unterminated group" says only at its end what is wrong. */
const sentence = (error: unknown) => (error instanceof Error ? (error.message.split(": ").at(-1) ?? error.message) : String(error));
