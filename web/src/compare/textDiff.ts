/** What differs between two texts, in pieces: words, or lines where there are several. Pure. */

import { diffLines, diffWordsWithSpace } from "diff";

export type Piece = { kind: "same" | "added" | "removed"; text: string };

/** Texts in which hardly anything is the same take long to compare, and nobody reads what comes out. */
const PATIENCE_MS = 500;

/** Null where the two have too little in common. */
export function pieces(before: string, after: string): Piece[] | null {
  const isLines = before.includes("\n") || after.includes("\n");
  const options = { timeout: PATIENCE_MS };
  const changes = isLines ? diffLines(before, after, options) : diffWordsWithSpace(before, after, options);
  return changes?.map(({ added, removed, value }) => ({ kind: added ? "added" : removed ? "removed" : "same", text: value })) ?? null;
}
