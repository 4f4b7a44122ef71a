/** Which projects the first page lists, and in which order. Pure. */

import type { Project } from "../api";

export type ProjectOrder = "activity" | "name" | "runs" | "storage";

export const ORDERS: readonly [ProjectOrder, string][] = [
  ["activity", "Last activity"],
  ["name", "Name"],
  ["runs", "Number of runs"],
  ["storage", "Storage"],
];

type Listing = { text: string; order: ProjectOrder; starred: readonly string[]; bytes: ReadonlyMap<string, number> };

/** Those that have all the words, the starred ones first. Projects come in the order of their last activity. */
export function listedProjects(projects: readonly Project[], { text, order, starred, bytes }: Listing): Project[] {
  const words = text.toLowerCase().split(/\s+/);
  const found = projects.filter(({ name, description }) => words.every((word) => `${name} ${description}`.toLowerCase().includes(word)));
  const isStarred = ({ name }: Project) => Number(starred.includes(name));
  return found.toSorted((a, b) => isStarred(b) - isStarred(a) || compare(order, bytes, a, b));
}

function compare(order: ProjectOrder, bytes: ReadonlyMap<string, number>, a: Project, b: Project): number {
  switch (order) {
    case "activity":
      return 0;
    case "name":
      return a.name.localeCompare(b.name, "en", { numeric: true });
    case "runs":
      return b.run_count - a.run_count;
    case "storage":
      return (bytes.get(b.name) ?? 0) - (bytes.get(a.name) ?? 0);
  }
}
