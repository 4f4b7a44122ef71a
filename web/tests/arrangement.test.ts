import { expect, test } from "vitest";
import { foldedTo, isFolded, movedTo, nameOf, ordered, readArrangement, renamed } from "../src/charts/arrangement";
import { searchFor, matchMetrics, sectionsOf } from "../src/charts/sections";

const SECTIONS = ["optim", "train", "val", ""].map((name) => ({ name, metrics: [`${name}/a`] }));
const names = (order: string[]) => ordered(SECTIONS, order).map(({ name }) => name);

test.each([
  ["val", 0, ["val", "optim", "train", ""], ["val"]],
  ["val", 1, ["optim", "val", "train", ""], ["optim", "val"]],
  ["optim", 1, ["train", "optim", "val", ""], ["train"]],
  ["optim", 9, ["train", "val", "", "optim"], ["train", "val", ""]],
  ["train", 1, ["optim", "train", "val", ""], []],
])("%s is moved to place %i", (name, place, shown, order) => {
  expect(movedTo(SECTIONS, SECTIONS, name, place)).toEqual(order);
  expect(names(order)).toEqual(shown);
});

test("a section that comes later finds its place by its name", () => {
  expect(ordered([...SECTIONS, { name: "aux", metrics: ["aux/a"] }], ["val"]).map(({ name }) => name)).toEqual(["val", "optim", "train", "", "aux"]);
});

test("an empty name is the one that a section has by itself", () => {
  const given = renamed({}, "train", " Training ");
  expect(nameOf("train", given)).toBe("Training");
  expect(nameOf("train", renamed(given, "train", " "))).toBe("train/");
  expect(nameOf("", {})).toBe("other");
});

test("only what differs from the start is said of folds", () => {
  const first = new Set(["val"]);
  const folds = foldedTo([], first, "train", true);
  expect(folds).toEqual(["-train"]);
  expect([isFolded(folds, first, "train"), isFolded(folds, first, "val")]).toEqual([true, true]);
  expect(foldedTo(folds, first, "train", false)).toEqual([]);
  expect(foldedTo([], first, "val", false)).toEqual(["+val"]);
});

test("a mangled address arranges nothing", () => {
  expect(readArrangement({ names: "a,:,b:", folds: "x" })).toEqual({ pinned: [], order: [], names: {}, folds: [], added: [] });
});

test.each(["train/loss", "a+b (x)", "c\\d[0]"])("%s is found by what is searched for to find it", (metric) => {
  expect(matchMetrics([metric, "other"], searchFor(metric)).metrics).toEqual([metric]);
  expect(sectionsOf([metric])).toHaveLength(1);
});
