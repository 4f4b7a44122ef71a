/** Two texts line by line: what was taken away, what came, and what is the same, most of which is folded away. Pure. */

import { diffLines } from "diff";

/** `before` and `after` are the line's numbers, from 1, null where that text has no such line. `isUnended`: the text ends in it, without a line break. */
export type Line = { kind: "same" | "added" | "removed"; text: string; before: number | null; after: number | null; isUnended: boolean };
/** Lines that are shown together, or that are the same in both and far from what differs. */
export type Stretch = { isFolded: boolean; lines: Line[] };
export type Pair = [before: Line | null, after: Line | null];

/** Texts in which hardly anything is the same take long to compare, and nobody reads what comes out. */
const PATIENCE_MS = 500;
const CONTEXT_LINES = 3;
/** It takes a line to say that lines are folded. */
const FEWEST_FOLDED = 2;

/** Null where the two have too little in common. */
export function comparedLines(before: string, after: string): Line[] | null {
  const parts = diffLines(before, after, { timeout: PATIENCE_MS });
  if (parts === undefined) return null;
  let [old, now] = [0, 0];
  return parts.flatMap(({ added, removed, value }) => {
    const kind = added ? "added" : removed ? "removed" : "same";
    const texts = value.split("\n");
    const isEnded = texts.at(-1) === "";
    if (isEnded) texts.pop();
    return texts.map((text, index): Line => {
      if (kind !== "added") old += 1;
      if (kind !== "removed") now += 1;
      return { kind, text, before: kind === "added" ? null : old, after: kind === "removed" ? null : now, isUnended: !isEnded && index === texts.length - 1 };
    });
  });
}

export function stretchesOf(lines: readonly Line[]): Stretch[] {
  const isNear = new Uint8Array(lines.length);
  lines.forEach(({ kind }, index) => {
    if (kind !== "same") isNear.fill(1, Math.max(0, index - CONTEXT_LINES), index + CONTEXT_LINES + 1);
  });
  const found: Stretch[] = [];
  lines.forEach((line, index) => {
    const isFolded = isNear[index] === 0;
    const last = found.at(-1);
    if (last?.isFolded === isFolded) last.lines.push(line);
    else found.push({ isFolded, lines: [line] });
  });
  return found.map((one) => (one.lines.length < FEWEST_FOLDED ? { ...one, isFolded: false } : one));
}

/** As many lines as there is room for. What is folded takes none. */
export function firstLines(stretches: readonly Stretch[], most: number): { stretches: Stretch[]; isCut: boolean } {
  let room = most;
  const found: Stretch[] = [];
  for (const one of stretches) {
    if (room <= 0) return { stretches: found, isCut: true };
    found.push(one.isFolded ? one : { ...one, lines: one.lines.slice(0, room) });
    if (!one.isFolded) room -= one.lines.length;
  }
  return { stretches: found, isCut: room < 0 };
}

/** The lines of both texts beside each other: of what was replaced the first with the first. */
export function pairsOf(lines: readonly Line[]): Pair[] {
  const found: Pair[] = [];
  let removed: Line[] = [];
  let added: Line[] = [];
  const settle = () => {
    for (let index = 0; index < Math.max(removed.length, added.length); index += 1) found.push([removed[index] ?? null, added[index] ?? null]);
    removed = [];
    added = [];
  };
  for (const line of lines) {
    if (line.kind === "removed") removed.push(line);
    else if (line.kind === "added") added.push(line);
    else {
      settle();
      found.push([line, line]);
    }
  }
  settle();
  return found;
}
