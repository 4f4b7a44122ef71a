import { expect, test } from "vitest";
import { readArrangement, withMade, withoutMade, writeArrangement } from "../src/charts/arrangement";
import { inserted, withQuotes, wordAt } from "../src/charts/formulaText";
import { fitting, formulaChart, joined, namesOf, patternOf, severalChart, chartTitle } from "../src/charts/made";
import { readCharts } from "../src/charts/settings";
import { together } from "../src/charts/together";
import type { MetricState, SeriesSource } from "../src/charts/store";
import { chartFigure } from "../src/charts/useMetric";
import { seriesOf, styleOf } from "./series";

const METRICS = ["lr", "train/acc", "train/loss", "val/loss", "a", "b", "a/b", "odd{1},*"];

test.each([
  ["*/loss", ["train/loss", "val/loss"]],
  ["train/{loss,acc}", ["train/acc", "train/loss"]],
  ["{train/{loss,acc},lr}", ["lr", "train/acc", "train/loss"]],
  ["LR", []],
  ["{lr,a", ["lr", "a"]],
  ["a,b}", []],
])("the pattern %s fits what it says", (pattern, expected) => {
  expect(fitting(pattern, METRICS)).toEqual(expected);
});

test("a pattern of exact names fits these, whatever signs they have", () => {
  for (const names of [["odd{1},*"], ["lr", "odd{1},*"]]) expect(fitting(patternOf(names), METRICS)).toEqual(names);
});

test("charts are joined into one list, and each is named once", () => {
  const first = joined("train/loss", "val/loss");
  expect(chartTitle(first)).toBe("train/loss, val/loss");
  expect(namesOf(joined(first, "lr"), METRICS)).toEqual(["lr", "train/loss", "val/loss"]);
  expect(joined(first, "val/loss")).toBe(first);
  expect(namesOf(joined("lr", severalChart("*/loss")), METRICS)).toEqual(["lr", "train/loss", "val/loss"]);
  expect(chartTitle(joined("lr", "odd{1},*"))).toBe("lr, odd{1},*");
});

test("made charts stand in the address, and one that was edited keeps its place and its pin", () => {
  const chart = formulaChart(' min(a, "train/loss") ');
  const arrangement = { ...readArrangement({}), ...withMade(readArrangement({}), chart, null), pinned: ["lr", chart] };
  expect(readArrangement(writeArrangement(arrangement))).toEqual(arrangement);
  expect(withMade(arrangement, severalChart("*"), chart)).toEqual({ added: [severalChart("*")], pinned: ["lr", severalChart("*")] });
  expect(withoutMade(arrangement, chart)).toEqual({ added: [], pinned: ["lr"] });
  expect(readArrangement({ added: "lr,formula:a,formula:a" }).added).toEqual(["formula:a"]);
});

test.each([
  ["train/loss / val/loss", '"train/loss" / "val/loss"'],
  ['log("train/loss")-train/loss', 'log("train/loss")-"train/loss"'],
  ["a/b", "a/b"], // both are metrics, and so is their ratio
  ["train/loss2", "train/loss2"],
  ["lr * 2", "lr * 2"],
])("%s is read as %s", (text, expected) => {
  expect(withQuotes(text, METRICS)).toBe(expected);
});

test("what is chosen takes the place of the name that is being typed", () => {
  expect(wordAt("log(tra", 7)).toEqual({ from: 4, word: "tra" });
  expect(wordAt('log("train/l', 12)).toEqual({ from: 4, word: "train/l" });
  expect(inserted("log(tra)", 7, '"train/loss"')).toEqual({ text: 'log("train/loss")', caret: 16 });
  expect(inserted('log("tra")', 8, '"train/loss"')).toEqual({ text: 'log("train/loss")', caret: 16 });
});

const source = (states: Record<string, MetricState>): SeriesSource => ({ watch: () => () => undefined, retry: () => undefined, state: (metric) => states[metric] ?? { series: [], isLoading: true, error: null } });

test("several metrics are one state, which is the same until one of them changes", () => {
  const states: Record<string, MetricState> = { a: { series: [seriesOf({ metric: "a", values: [1] })], isLoading: false, error: null } };
  const both = together(source(states), ["a", "b"]);
  expect(both.state("")).toMatchObject({ isLoading: true, error: null });
  states["b"] = { series: [seriesOf({ metric: "b", values: [1] })], isLoading: false, error: "no" };
  const after = both.state("");
  expect(after).toMatchObject({ isLoading: false, error: "no" });
  expect(after.series.map(({ metric }) => metric)).toEqual(["a", "b"]);
  expect(both.state("")).toBe(after);
});

test("in a chart of several a run has its colour and a metric its dashes; of one run metrics have colours", () => {
  const series = ["r1", "r2"].flatMap((run) => ["x", "y"].map((metric) => seriesOf({ run, metric, values: [1, 2] })));
  const state: MetricState = { series, isLoading: false, error: null };
  const runs = [styleOf({ id: "r1", name: "one", hue: 3 }), styleOf({ id: "r2", name: "two", hue: 9 })];
  const view = readCharts({});
  const lines = chartFigure(severalChart("{x,y}"), state, runs, view).lines;
  expect(lines.map(({ name, hue, dash }) => [name, hue, dash])).toEqual([["one · x", 3, 0], ["one · y", 3, 1], ["two · x", 9, 0], ["two · y", 9, 1]]);
  expect(new Set(lines.map(({ id }) => id)).size).toBe(4);
  const alone = chartFigure(severalChart("{x,y}"), state, runs.slice(1), view).lines;
  expect(alone.map(({ name, hue, dash }) => [name, hue, dash])).toEqual([["x", 9, 0], ["y", 0, 0]]);
});
