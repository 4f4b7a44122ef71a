import { expect, test } from "vitest";
import { lineFigure } from "../src/charts/figure";
import { asPython } from "../src/charts/python";
import { readCharts } from "../src/charts/settings";
import { seriesOf, styleOf } from "./series";

const PAINT = { text: "#000", muted: "#555", line: "#eee", background: "#fff", raised: "#fff", hues: ["#111", "#222"] };

function codeOf(search: Record<string, string>): string {
  const view = readCharts(search);
  const figure = lineFigure('val/"acc"', [{ series: seriesOf({ values: [1, 2, 3] }), style: styleOf({ name: 'a "b"\n' }) }], view);
  return asPython(figure, view, null, PAINT, "http://tracker.test");
}

test("names in code are strings, whatever they hold", () => {
  const code = codeOf({});
  expect(code).toContain(String.raw`("a", "a \"b\"\n", "#111", "-"),`);
  expect(code).toContain(String.raw`METRIC = "val/\"acc\""`);
});

test("code fetches along the same axis, and draws the same part", () => {
  expect(codeOf({ x: "relative_time" })).toContain('run.history([METRIC], x="relative_time")');
  expect(codeOf({ x: "metric:epoch" })).toContain('run.history([METRIC, "epoch"])');
  expect(codeOf({ zoom: "1..2", log: "1" })).toMatch(/set_yscale\("log"\)\naxes\.set_xlim\(1, 2\)/);
  expect(codeOf({ y: "0..5" })).toContain("axes.set_ylim(0, 5)");
});

test("code smooths only where the chart does", () => {
  expect(codeOf({})).not.toContain("def smooth");
  expect(codeOf({ smooth: "gaussian:5" })).toContain("smooth(x, y)");
});

test("code of a formula reckons it, on every axis", () => {
  const reckoned = { metrics: ["val/loss", "a"], python: '(m["val/loss"] / m["a"])' };
  const of = (search: Record<string, string>) => {
    const view = readCharts(search);
    return asPython(lineFigure('"val/loss" / a', [{ series: seriesOf({ values: [1, 2] }), style: styleOf({}) }], view), view, reckoned, PAINT, "http://tracker.test");
  };
  expect(of({})).toContain('METRICS = ["val/loss", "a"]');
  expect(of({})).toContain('        y = (m["val/loss"] / m["a"])\n');
  expect(of({ x: "time" })).toContain('at = history["time_ms"]');
  expect(of({ x: "metric:epoch" })).toContain('run.history(sorted({*METRICS, "epoch"}))');
});

test("code of several metrics has a line for each of every run", () => {
  const view = readCharts({});
  const drawn = ["x", "y"].map((metric) => ({ series: seriesOf({ metric, values: [1] }), style: styleOf({ of: metric }) }));
  expect(asPython(lineFigure("x, y", drawn, view), view, null, PAINT, "http://tracker.test")).toMatch(/LINES = \[\n {4}\("a", "x", .*\n {4}\("a", "y", /);
});
