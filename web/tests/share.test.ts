import { expect, test } from "vitest";
import type { Comparison } from "../src/api";
import { lineFigure } from "../src/charts/figure";
import { readCharts } from "../src/charts/settings";
import { type Embedded, embedAddress, frameCode, isEmbedded, pageAddress, projectIn, readEmbedded } from "../src/share/embedLink";
import { type Snapshot, jsonInHtml, snapshotHtml } from "../src/share/snapshot";
import { figureAsSvg } from "../src/share/svg";
import { seriesOf, styleOf } from "./series";

const HOSTILE = `</script><img src=x onerror="alert(1)">'`;
const settings = readCharts({});
const embedded: Embedded = { project: "a/b & c", runs: ["r1", "r,2"], metrics: ["train/loss", "100 %"], settings: { ...settings, isLog: true, range: [3, 9] } };

test("the address of embedded charts says what they show", () => {
  const address = new URL(embedAddress(embedded), "http://host");
  expect(isEmbedded(address.pathname)).toBe(true);
  expect(readEmbedded(address.pathname, address.search)).toEqual(embedded);
});

test("an address of nothing but a project names no run", () => {
  expect(readEmbedded("/embed/a%2", "")).toMatchObject({ project: "a%2", runs: [], metrics: [] });
});

test("the page of embedded charts shows the same runs", () => {
  expect(pageAddress(embedded)).toBe("/p/a%2Fb%20%26%20c/compare?runs=r1,r%252C2&tab=charts&log=1&zoom=3..9");
  expect(projectIn(pageAddress(embedded))).toBe("a/b & c");
});

test("an address is escaped where it is an attribute", () => {
  expect(frameCode('http://host/embed/a?x=1&y="')).toContain('src="http://host/embed/a?x=1&amp;y=&quot;"');
});

test("a figure is drawn with its gaps and without markup of its names", () => {
  const figure = lineFigure(HOSTILE, [{ series: seriesOf({ values: [1, null, 3, 2] }), style: styleOf({ name: HOSTILE }) }], settings);
  const svg = figureAsSvg(figure);
  expect(svg.match(/M/g)).toHaveLength(2);
  expect(svg).not.toContain("<img");
});

test("a snapshot holds all values, and nothing of a name is markup", () => {
  const run = { id: "r1", name: HOSTILE, hue: 3, status: "finished" } as unknown as Comparison["runs"][number];
  const comparison: Comparison = {
    runs: [run],
    metrics: [{ name: HOSTILE, values: [null], differs: true }],
    config: [{ key: HOSTILE, values: [HOSTILE], is_present: [true], differs: true }],
    environment: [{ key: "host", values: ["node-7"], is_present: [true], differs: false }],
    summary: [],
    data: [],
    packages: [],
    system: [],
    absent: [],
    equal_count: 1,
    metric_count: 1,
    metric_names: [HOSTILE],
    metrics_left_out: 0,
    shared_metric_count: 0,
  };
  const shot: Snapshot = { project: HOSTILE, comparison, baseline: "r1", figures: [], undrawn: 2, takenMs: 0, address: "http://host/p/a", tokens: "" };
  const html = snapshotHtml(shot);
  expect(html).not.toContain("<img");
  expect(html.match(/<\/script>/g)).toHaveLength(2);
  expect(html).toContain("node-7");
  expect(html).toContain("2 more metrics in the table alone.");
});

test("data within a script element cannot end it, and reads as it was", () => {
  const text = jsonInHtml({ name: HOSTILE });
  expect(text).not.toContain("<");
  expect(JSON.parse(text)).toEqual({ name: HOSTILE });
});
