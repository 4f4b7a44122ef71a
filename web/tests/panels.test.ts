import { expect, test } from "vitest";
import { parseSearch, stringifySearch } from "../src/address";
import type { RunColumn } from "../src/runColumns";
import { VIRIDIS_SCALE, colouringOf, viridis } from "../src/panels/colour";
import { type Data, dataOf, filterName, joinFilters } from "../src/panels/data";
import { type Brushes, NOWHERE, axesOf, brushOf, filterOf, moved, nearestRow, numberOf, rowsThrough, ticksOf } from "../src/panels/parallel";
import { paretoFront } from "../src/panels/pareto";
import { describeScatter, plotScatter, rowsWithin, scatterFigure } from "../src/panels/scatterFigure";
import { type Panels, type ScatterPanel, newPanel, readPanels, writePanels } from "../src/panels/state";

const numbers = (key: string, ...values: number[]): RunColumn => ({ key, numbers: Float64Array.from(values), codes: Int32Array.from(values, () => -1), texts: [], goal: null });

const texts = (key: string, ...values: (string | null)[]): RunColumn => {
  const known = [...new Set(values.filter((value) => value !== null))].sort();
  return { key, numbers: Float64Array.from(values, () => NaN), codes: Int32Array.from(values, (value) => (value === null ? -1 : known.indexOf(value))), texts: known, goal: null };
};

const data = (...columns: RunColumn[]): Data => {
  const count = columns[0]?.numbers.length ?? 0;
  const ids = Array.from({ length: count }, (_, row) => `r${String(row)}`);
  return dataOf({ ids, names: ids.map((id) => `<${id}>`), hues: ids.map((_, row) => row % 10), statuses: ids.map(() => "finished"), matched: count, columns });
};

const scatter = (change: Partial<ScatterPanel>): ScatterPanel => ({ kind: "scatter", x: "config.lr", y: "metrics.loss", colour: "", size: "", isLogX: false, isLogY: false, front: null, ...change });
const paint = { text: "#111", muted: "#555", line: "#ddd", background: "#fff", raised: "#fff", hues: ["#a00", "#0a0", "#00a"] };

test("panels survive the address, whatever stands in them", () => {
  const panels: Panels = {
    list: [
      scatter({ x: "config.a;b=c,d%", isLogX: true, front: { x: "min", y: "max" } }),
      { kind: "parallel", axes: [{ key: "config.lr", isLog: true, isInverted: false }, { key: "metrics.val/acc.max", isLog: false, isInverted: true }], colour: "metrics.val/acc.max" },
      { kind: "bar", value: "metrics.loss.min", by: "config.opt" },
      { kind: "histogram", metric: "val/acc" },
      { kind: "importance", metric: "val/acc", statistic: "max" },
      { kind: "text", text: "# A = b; *50 %*,\nthen more" },
    ],
    scatter: scatter({ isLogY: true, size: "duration" }),
    parallel: { kind: "parallel", axes: [], colour: "" },
  };
  expect(readPanels(parseSearch(stringifySearch(writePanels(panels))))).toEqual(panels);
});

test("a view without panels leaves nothing in the address, and a mangled one opens", () => {
  expect(stringifySearch(writePanels(readPanels({})))).toBe("");
  expect(readPanels({ panels: "pie;x=1,bar;value=duration;;=3", scatter: "x" })).toEqual({ ...readPanels({}), list: [{ kind: "bar", value: "duration", by: "" }] });
  expect(newPanel("importance")).toEqual({ kind: "importance", metric: "", statistic: "last" });
});

test("the Pareto front has the points that none beats in both directions", () => {
  const x = [1, 2, 3, 4, NaN, 2];
  const y = [5, 3, 4, 1, 0, 3];
  expect(paretoFront(x, y, { x: "min", y: "min" })).toEqual([0, 1, 3]);
  expect(paretoFront(x, y, { x: "max", y: "max" })).toEqual([0, 2, 3]);
  expect(paretoFront(x, y, { x: "min", y: "max" })).toEqual([0]);
  expect(paretoFront([], [], { x: "min", y: "min" })).toEqual([]);
});

test("a scatter has the runs with both values, and says how many it leaves out", () => {
  const all = data(numbers("config.lr", 0.1, 0, NaN, 0.3), numbers("metrics.loss", 1, 2, 3, 0.5));
  const figure = scatterFigure(all, scatter({ isLogX: true, front: { x: "min", y: "min" } }));
  expect(figure).toMatchObject({ rows: [0, 3], missing: 1, dropped: 1, front: [0, 1] });
  expect(figure && describeScatter(figure)).toBe("loss over lr, 2 runs, 2 on the Pareto front");
  expect(figure && rowsWithin(figure, { x: [0.2, null], y: [null, 1] })).toEqual([3]);
  expect(scatterFigure(all, scatter({ x: "config.other" }))).toBeNull();
});

test("names in a scatter are no HTML, and its zoom is kept while its axes are the same", () => {
  const all = data(texts("config.lr", "a<b", "c"), numbers("metrics.loss", 1, 2));
  const figure = scatterFigure(all, scatter({ colour: "metrics.loss", front: { x: "min", y: "min" } }));
  if (figure === null) throw new Error("there is a figure");
  const { data: traces, layout } = plotScatter(figure, all, { drag: "select", paint });
  expect(traces).toHaveLength(1);
  expect(traces[0]?.["text"]).toEqual(["<b>&lt;r0&gt;</b><br>lr: a&lt;b<br>loss: 1", "<b>&lt;r1&gt;</b><br>lr: c<br>loss: 2"]);
  expect(layout).toMatchObject({ dragmode: "select", uirevision: "config.lr metrics.loss false false", xaxis: { ticktext: ["a&lt;b", "c"] } });
});

test("colours follow a number by viridis, and a text by the hues", () => {
  expect([viridis(0), viridis(1), VIRIDIS_SCALE.length]).toEqual(["rgb(68, 1, 84)", "rgb(253, 231, 37)", 11]);
  const all = data(numbers("metrics.loss", 1, NaN, 3), texts("config.opt", "sgd", null, "adam"));
  expect(colouringOf(all, "metrics.loss")).toMatchObject({ kind: "numbers", low: 1, high: 3, places: Float64Array.of(0, NaN, 1) });
  expect(colouringOf(all, "config.opt").kind).toBe("texts");
  expect(colouringOf(all, "").kind).toBe("runs");
});

const CHOICES = [
  { key: "config.lr", isLog: true, isInverted: false },
  { key: "config.opt", isLog: true, isInverted: false },
  { key: "metrics.loss", isLog: false, isInverted: true },
];
const SWEEP = data(numbers("config.lr", 0.001, 0.01, 0.1, 0), texts("config.opt", "adam", "sgd", null, "sgd"), numbers("metrics.loss", 1, 2, 5, 3));

test("runs meet an axis by its scale, and below it where they have nothing", () => {
  const [lr, opt, loss] = axesOf(SWEEP, [...CHOICES, { key: "config.later", isLog: false, isInverted: false }]);
  expect(lr?.places.map((place) => Number(place.toFixed(6)))).toEqual(Float64Array.of(0, 0.5, 1, NOWHERE));
  expect([...(opt?.places ?? [])]).toEqual([0, 1, NOWHERE, 1]);
  expect([...(loss?.places ?? [])]).toEqual([1, 0.75, 0, 0.5]);
  expect(lr && ticksOf(lr).map(({ text }) => text)).toEqual(["0.001", "0.01", "0.1"]);
  expect(opt && ticksOf(opt)).toEqual([{ place: 0, text: "adam" }, { place: 1, text: "sgd" }]);
  expect(lr && numberOf(lr, 0.5)).toBeCloseTo(0.01);
});

test("brushes on several axes keep the runs that all of them let through, and become a filter", () => {
  const [lr, opt, loss] = axesOf(SWEEP, CHOICES);
  if (lr === undefined || opt === undefined || loss === undefined) throw new Error("there are three axes");
  const ofLr = brushOf(lr, -0.2, 0.6);
  const ofOpt = brushOf(opt, 0.9, 1);
  if (ofLr === null || ofOpt === null) throw new Error("both choose something");
  const brushes: Brushes = { "config.lr": ofLr, "config.opt": ofOpt };
  expect(rowsThrough(SWEEP, brushes)).toEqual([1]);
  expect(filterOf(brushes)).toBe('config.lr >= 0.001 and config.lr <= 0.01585 and config.opt == "sgd"');
  expect(filterOf({ "metrics.val/acc.max": { kind: "range", low: 0.12345, high: 1 }, created: { kind: "range", low: 1500, high: 1500 } })).toBe(
    'metrics["val/acc"].max >= 0.1234 and metrics["val/acc"].max <= 1 and created >= date("1970-01-01T00:00:01Z") and created <= date("1970-01-01T00:00:02Z")',
  );
  expect(brushOf(lr, 0.4, 0.401)).toBeNull();
});

test("the run under the pointer is the one whose line passes nearest", () => {
  const axes = axesOf(SWEEP, CHOICES);
  expect(nearestRow(axes, [0, 1, 2, 3], { along: 2, place: 0.74 }, 0.05)).toBe(1);
  expect(nearestRow(axes, [0, 1, 2, 3], { along: 0.5, place: 0.02 }, 0.05)).toBe(0);
  expect(nearestRow(axes, [0, 1, 2, 3], { along: 2, place: 0.9 }, 0.05)).toBeNull();
});

test("an axis moves among the others", () => {
  expect([moved(["a", "b", "c"], 0, 1), moved(["a", "b", "c"], 2, -1), moved(["a", "b", "c"], 0, 9)]).toEqual([["b", "a", "c"], ["c", "a", "b"], ["b", "c", "a"]]);
});

test("keys are named as filters name them, and filters are joined", () => {
  expect(["config.optim.lr", "config.a b", "metrics.val/acc", "metrics.loss.min", "duration"].map(filterName)).toEqual(["config.optim.lr", 'config["a b"]', 'metrics["val/acc"]', "metrics.loss.min", "duration"]);
  expect(joinFilters({ text: "", filter: "a or b" }, "c")).toBe("(a or b) and c");
  expect(joinFilters({ text: 'calm "x', filter: "" }, "c")).toBe('name.contains("calm") and name.contains("\\"x") and c');
});
