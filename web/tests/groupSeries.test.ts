import { expect, test } from "vitest";
import type { GroupsRequest, SeriesRequest } from "../src/api";
import { huesOf } from "../src/charts/colours";
import { type ChartView, exactness, lineFigure, readingsAt } from "../src/charts/figure";
import { GroupCurves, type Question } from "../src/charts/groupCurves";
import { groupSeries } from "../src/charts/groupSeries";
import { SeriesStore } from "../src/charts/store";
import type { Curve, GroupsWithCurves } from "../src/series";
import { columnOf, seriesOf, styleOf } from "./series";

const curve = (given: Partial<Curve> = {}): Curve => ({
  metric: "loss", run_count: 3, x_count: 2, is_exact: true, is_interpolated: false,
  x: columnOf([0, 1]), center: columnOf([2, 4]), low: columnOf([1, null]), high: columnOf([3, null]), n: columnOf([3, 1]), smoothed: columnOf([]), ...given,
});
const HOW = { center: "mean" as const, shape: { smoothing: null, band: false }, isByStep: true, leftOut: 0 };
const VIEW: ChartView = { x: "step", smoothing: { kind: "time_ema", amount: 0 }, shade: "never", hasRaw: true, isLog: false, ySpan: "auto", isWithoutOutliers: false, range: null };
const QUESTION: Question = { project: "digits", text: "", filter: "", status: [], archived: "without", statistic: "mean", band: "std" };
const REQUEST: SeriesRequest = { runs: ["config.lr == 1", "config.lr == 2"], metrics: ["loss"], x: "step", points: 400 };

const answerOf = (request: GroupsRequest): GroupsWithCurves => ({ keys: [], resamples: 0, groups: (request.groups ?? []).map((_, index) => ({ values: [], run_count: 3, matched: 4, runs: [`r${String(index)}`], curves: [curve()] })) });

test("a group's line has its band and says of how many runs each point is", () => {
  const figure = lineFigure("loss", [{ series: groupSeries("g", curve(), HOW), style: styleOf({ id: "g" }) }], VIEW);
  expect(figure.lines[0]?.band?.high).toEqual(columnOf([3, null]));
  expect(readingsAt(figure, 0, 1)).toMatchObject([{ value: 2, n: 3 }]);
  expect(exactness(figure).word).toBe("mean of 3 runs · exact");
});

test("a group's smoothed line is the one that the server made, with the raw one behind it", () => {
  const smoothing = { kind: "ema", amount: 0.9 } as const;
  const series = groupSeries("g", curve({ smoothed: columnOf([2, 2.5]) }), { ...HOW, shape: { smoothing, band: false } });
  const line = lineFigure("loss", [{ series, style: styleOf({ id: "g" }) }], { ...VIEW, smoothing }).lines[0];
  expect([line?.y, line?.raw]).toEqual([columnOf([2, 2.5]), columnOf([2, 4])]);
});

test("what is thinned is not called exact", () => {
  const series = groupSeries("g", curve({ is_exact: false, x_count: 9000 }), HOW);
  expect(exactness(lineFigure("loss", [{ series, style: styleOf({ id: "g" }) }], VIEW)).word).toBe("mean of 3 runs · thinned");
});

test("a curve of the newest runs alone says so, and how many that leaves out", () => {
  const series = groupSeries("g", curve({ run_count: 1000 }), { ...HOW, leftOut: 4012 });
  const told = exactness(lineFigure("loss", [{ series, style: styleOf({ id: "g" }) }], VIEW));
  expect(told.word).toBe("mean of the newest 1,000 runs · exact");
  expect(told.sentence).toContain("The mean of the newest 1,000 runs, 4,012 older ones left out, ");
});

test("members are drawn behind the line of their group, which is highlighted with them", () => {
  const group = { series: groupSeries("g", curve(), HOW), style: styleOf({ id: "g" }) };
  const member = { series: seriesOf({ values: [9, 9], run: "a" }), style: styleOf({ id: "a", memberOf: "g" }) };
  const figure = lineFigure("loss", [group, member], VIEW);
  expect(figure.lines.map(({ id }) => id)).toEqual(["g//0"]);
  expect(figure.superseded.map(({ run }) => run)).toEqual(["g"]);
});

test("groups are asked for by the filters that stand for their ids, and tell their first runs once", async () => {
  const asked: GroupsRequest[] = [];
  const told: ReadonlyMap<string, readonly string[]>[] = [];
  const curves = new GroupCurves(QUESTION, (members) => { told.push(members); }, (request) => { asked.push(request); return Promise.resolve(answerOf(request)); });
  const series = await curves.fetch(REQUEST, new AbortController().signal);
  await curves.fetch(REQUEST, new AbortController().signal);
  expect(asked[0]).toMatchObject({ project: "digits", groups: REQUEST.runs, metrics: ["loss"], newest: 1000, statistic: "mean", band: "std" });
  expect(series.map(({ run, values }) => [run, ...values])).toEqual([["config.lr == 1", 2, 4], ["config.lr == 2", 2, 4]]);
  expect(series.map(({ pooled }) => pooled?.leftOut)).toEqual([1, 1]);
  expect(told).toEqual([new Map([["config.lr == 1", ["r0"]], ["config.lr == 2", ["r1"]]])]);
});

test("curves are not fetched again while that is under way", async () => {
  const answers: (() => void)[] = [];
  const curves = new GroupCurves(QUESTION, () => undefined, (request) => new Promise((resolve) => { answers.push(() => { resolve(answerOf(request)); }); }));
  const store = new SeriesStore(curves.fetch, { x: "step", range: null, points: 400, smoothing: null, band: false });
  const first = curves.fetch(REQUEST, new AbortController().signal);
  expect(curves.refresh(store)).toBe(false);
  answers[0]?.();
  await first;
  expect(curves.refresh(store)).toBe(false);
});

test("names have hues of their own while there are any, and keep them when others come", () => {
  const known = huesOf(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"], new Map());
  expect(new Set(known.values()).size).toBe(10);
  const before = [...known];
  expect([...huesOf(["0", "a"], known)].slice(0, 10)).toEqual(before);
});
