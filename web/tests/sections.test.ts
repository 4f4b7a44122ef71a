import { expect, test } from "vitest";
import { OTHER, foldedAtFirst, matchMetrics, sectionsOf } from "../src/charts/sections";

test("metrics are grouped by what stands before their last slash", () => {
  const sections = sectionsOf(["val/loss", "train/loss", "val/acc", "train/a/x", "train/a/y", "train/acc"]);
  expect(sections.map(({ name }) => name)).toEqual(["train", "train/a", "val"]);
  expect(sections[0]?.metrics).toEqual(["train/acc", "train/loss"]);
});

test("metrics that are alone share a section, and the system comes last", () => {
  const sections = sectionsOf(["system/cpu", "epoch", "grad/norm", "val/a", "val/b"]);
  expect(sections.map(({ name }) => name)).toEqual(["val", OTHER, "system"]);
  expect(sections[1]?.metrics).toEqual(["epoch", "grad/norm"]);
});

test("numbers in names are ordered as numbers", () => {
  expect(sectionsOf(["layer/10", "layer/9"])[0]?.metrics).toEqual(["layer/9", "layer/10"]);
});

test("the system starts folded", () => {
  expect(foldedAtFirst(sectionsOf(["system/a", "system/b", "val/a", "val/b"]))).toEqual(new Set(["system"]));
});

test("with very many metrics only the first section starts open", () => {
  const many = Array.from({ length: 60 }, (_, index) => [`a/${String(index)}`, `b/${String(index)}`]).flat();
  expect(foldedAtFirst(sectionsOf(many))).toEqual(new Set(["b"]));
});

test.each([
  ["plain text, whatever its case", "LOSS", ["train/loss", "val/loss"]],
  ["a regular expression", "^val/", ["val/acc", "val/loss"]],
  ["nothing", "", ["train/loss", "val/acc", "val/loss"]],
])("charts are found by %s", (_, search, found) => {
  expect(matchMetrics(["train/loss", "val/acc", "val/loss"], search)).toEqual({ metrics: found, error: null });
});

test("a wrong expression says what is wrong and hides nothing", () => {
  const match = matchMetrics(["a", "b"], "val(");
  expect(match.metrics).toEqual(["a", "b"]);
  expect(match.error).toMatch(/group/i);
});
