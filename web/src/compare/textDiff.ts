/** What differs between two texts: word by word, or line by line with a little of what surrounds it. Pure. */

import { diffLines, diffWordsWithSpace, structuredPatch } from "diff";

export type Piece = { kind: "same" | "added" | "removed"; text: string };
export type DiffLine = { kind: "added" | "removed" | "context" | "hunk"; text: string };

/** Texts in which hardly anything is the same take long to compare, and nobody reads what comes out. */
const PATIENCE_MS = 500;
const CONTEXT_LINES = 3;

/** Null where the two have too little in common. */
export function pieces(before: string, after: string): Piece[] | null {
  const isLines = before.includes("\n") || after.includes("\n");
  const options = { timeout: PATIENCE_MS };
  const changes = isLines ? diffLines(before, after, options) : diffWordsWithSpace(before, after, options);
  return changes?.map(({ added, removed, value }) => ({ kind: added ? "added" : removed ? "removed" : "same", text: value })) ?? null;
}

/** The lines that changed, in hunks. Null where the two have too little in common. */
export function changedLines(before: string, after: string): DiffLine[] | null {
  const patch = structuredPatch("", "", before, after, "", "", { context: CONTEXT_LINES, timeout: PATIENCE_MS });
  return (
    patch?.hunks.flatMap(({ oldStart, newStart, lines }): DiffLine[] => [
      { kind: "hunk", text: `line ${String(oldStart)} → ${String(newStart)}` },
      ...lines.map((line): DiffLine => ({ kind: line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "context", text: line })),
    ]) ?? null
  );
}
