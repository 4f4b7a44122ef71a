import { expect, test } from "vitest";
import { comparedLines, firstLines, pairsOf, stretchesOf } from "../src/parts/comparedLines";

const lines = (before: string, after: string) => comparedLines(before, after) ?? [];
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `line ${String(index + 1)}\n`).join("");

test("each line is removed, added or the same, with its number in both", () => {
  expect(lines("a\nb\n", "a\nc\nd\n").map(({ kind, text, before, after }) => [kind, text, before, after])).toEqual([
    ["same", "a", 1, 1],
    ["removed", "b", 2, null],
    ["added", "c", null, 2],
    ["added", "d", null, 3],
  ]);
});

test("a text that ends without a line break says so where it differs", () => {
  expect(lines("a\nb\n", "a\nb").map(({ kind, isUnended }) => [kind, isUnended])).toEqual([["same", false], ["removed", false], ["added", true]]);
  expect(lines("", "a\n").map(({ kind, text }) => [kind, text])).toEqual([["added", "a"]]);
});

test("what is the same is folded but for three lines around what differs", () => {
  const text = numbered(20);
  const found = stretchesOf(lines(text, text.replace("line 10\n", "line ten\n")));
  expect(found.map(({ isFolded, lines: { length } }) => [isFolded, length])).toEqual([[true, 6], [false, 8], [true, 7]]);
  expect(stretchesOf(lines(numbered(5), numbered(5).replace("line 5\n", "")))[0]).toMatchObject({ isFolded: false });
});

test("no more lines are shown than there is room for, and what is folded takes none", () => {
  const text = numbered(20);
  const found = stretchesOf(lines(text, text.replace("line 10\n", "line ten\n")));
  const shown = firstLines(found, 5);
  expect([shown.isCut, shown.stretches.map((one) => one.lines.length)]).toEqual([true, [6, 5]]);
  expect(firstLines(found, 8)).toMatchObject({ isCut: true });
  expect(firstLines(found, 9)).toEqual({ stretches: found, isCut: false });
});

test("beside each other what was replaced stands with what replaced it", () => {
  const found = pairsOf(lines("a\nb\nz\n", "a\nc\nd\nz\n")).map((pair) => pair.map((line) => line?.text ?? null));
  expect(found).toEqual([["a", "a"], ["b", "c"], [null, "d"], ["z", "z"]]);
});
