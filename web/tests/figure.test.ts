import { expect, test } from "vitest";
import { type ChartView, MOST_LINES, bandPieces, bestOf, dashes, describeFigure, exactness, isOnlyMarks, lineFigure, nearest, readingsAt, withoutLines } from "../src/charts/figure";
import { columnOf, seriesOf, styleOf } from "./series";

const VIEW: ChartView = { x: "step", smoothing: { kind: "time_ema", amount: 0 }, shade: "never", hasRaw: true, isLog: false, ySpan: "auto", isWithoutOutliers: false, range: null };
const smoothedBy = (amount: number): ChartView => ({ ...VIEW, smoothing: { kind: "time_ema", amount } });
const drawn = (values: (number | null)[], style = styleOf()) => ({ series: seriesOf({ values, run: style.id }), style });

test("a figure spans all points of all lines", () => {
  const figure = lineFigure("loss", [drawn([1, 2, 3]), drawn([5, 4, 3, 2], styleOf({ id: "b" }))], VIEW);
  expect(figure.x).toEqual([0, 3]);
  expect(figure.y[0]).toBeLessThan(1);
  expect(figure.y[1]).toBeGreaterThan(5);
});

test("a zoomed figure fits its height to what is inside the range", () => {
  const figure = lineFigure("loss", [drawn([100, 1, 2, 100])], { ...VIEW, range: [1, 2] });
  expect(figure.x).toEqual([1, 2]);
  expect(figure.y[1]).toBeLessThan(3);
});

test("a gap stays a gap, and its mark is kept", () => {
  const series = seriesOf({ values: [1, null, 3], marks: [{ x: 1, kind: "nan" }] });
  const figure = lineFigure("loss", [{ series, style: styleOf() }], smoothedBy(0.5));
  expect(figure.lines[0]?.y[1]).toBeNaN();
  expect(figure.lines[0]?.marks).toEqual([{ x: 1, kind: "nan" }]);
});

test("a series that never had a finite value is a line of marks", () => {
  const marks = [{ x: 4, kind: "nan" }, { x: 9, kind: "inf" }] as const;
  const figure = lineFigure("loss", [{ series: seriesOf({ values: [], points_in_range: 2, marks: [...marks] }), style: styleOf() }], VIEW);
  expect(figure.lines[0]?.marks).toEqual(marks);
  expect(figure.x).toEqual([4, 9]);
  expect(figure.y).toEqual([0, 1]);
  expect(isOnlyMarks(figure)).toBe(true);
  expect(exactness(figure).sentence).toContain("2");
  expect([bestOf(figure, null), readingsAt(figure, 4, 1)]).toEqual([null, []]);
});

test("smoothing keeps the values themselves behind the line", () => {
  const figure = lineFigure("loss", [drawn([0, 10, 0, 10])], smoothedBy(0.9));
  expect(figure.lines[0]?.raw).toEqual(columnOf([0, 10, 0, 10]));
  expect(figure.lines[0]?.y).not.toEqual(columnOf([0, 10, 0, 10]));
});

test("what the server has smoothed of all points takes the place of the preview", () => {
  const shape = { smoothing: smoothedBy(0.9).smoothing, band: false };
  const one = { series: seriesOf({ values: [0, 10, 0, 10], smoothed: [1, 2, 3, 4], shape }), style: styleOf() };
  expect(lineFigure("loss", [one], smoothedBy(0.9)).lines[0]?.y).toEqual(columnOf([1, 2, 3, 4]));
  expect(lineFigure("loss", [one], smoothedBy(0.8)).lines[0]?.y).not.toEqual(columnOf([1, 2, 3, 4]));
});

test("the heights of a figure stay as they are when the smoothed line replaces its preview", () => {
  const shape = { smoothing: smoothedBy(0.9).smoothing, band: false };
  const preview = lineFigure("loss", [drawn([0, 10, 0, 10])], smoothedBy(0.9));
  const final = lineFigure("loss", [{ series: seriesOf({ values: [0, 10, 0, 10], smoothed: [4, 5, 5, 6], shape }), style: styleOf() }], smoothedBy(0.9));
  expect([final.x, final.y]).toEqual([preview.x, preview.y]);
});

test("a band lies inside the figure, and in pieces where there are gaps", () => {
  const series = seriesOf({ values: [1, null, 3, 4], low: [-5, null, 3, 3], high: [1, null, 20, 4] });
  const figure = lineFigure("loss", [{ series, style: styleOf() }], { ...VIEW, shade: "always" });
  const band = figure.lines[0]?.band ?? null;
  expect(band === null ? null : bandPieces(band)).toEqual([[0, 1], [2, 4]]);
  expect([figure.y[0] < -5, figure.y[1] > 20]).toEqual([true, true]);
});

test("a figure says whether it has every point", () => {
  expect(exactness(lineFigure("loss", [drawn([1, 2, 3])], VIEW)).word).toBe("exact");
  const thinned = { series: seriesOf({ values: [1, 2], is_exact: false, points_in_range: 6000 }), style: styleOf({ id: "b" }) };
  expect(exactness(lineFigure("loss", [drawn([1, 2, 3]), thinned], VIEW))).toMatchObject({ word: "thinned", sentence: expect.stringContaining("5 of 6,003 points") as string });
});

test("a log axis counts what it cannot show", () => {
  const figure = lineFigure("loss", [drawn([-1, 0, 0.1, 10])], { ...VIEW, isLog: true });
  expect(figure.dropped).toBe(2);
  expect(figure.y[0]).toBeGreaterThan(0);
});

test("a value that a log axis cannot show is counted once, smoothed or not", () => {
  expect(lineFigure("loss", [drawn([-1, 5, 0.1, 10])], { ...smoothedBy(0.1), isLog: true }).dropped).toBe(1);
});

test("many points on a pixel are shaded without being asked", () => {
  const shaded = (points_in_range: number) => {
    const series = seriesOf({ values: [1, 2], low: [0, 0], high: [3, 3], is_exact: false, points_in_range });
    return lineFigure("loss", [{ series, style: styleOf() }], { ...VIEW, shade: "dense" }).lines[0]?.band !== null;
  };
  expect([shaded(40), shaded(42)]).toEqual([false, true]);
});

test("without outliers the usual values fill the chart, and the others are marked where they leave it", () => {
  const values = Array.from({ length: 200 }, (_, index) => (index === 50 ? 1000 : index === 51 ? 900 : index === 150 ? -800 : index % 10));
  const figure = lineFigure("loss", [drawn(values)], { ...VIEW, isWithoutOutliers: true });
  expect([figure.y[0] > -10, figure.y[1] < 20]).toEqual([true, true]);
  expect(figure.beyond).toBe(3);
  expect(figure.lines[0]?.outside).toEqual([{ x: 50, isUp: true }, { x: 150, isUp: false }]);
  expect(figure.lines[0]?.y[50]).toBe(1000);
});

test("a height that was chosen by hand marks nothing as an outlier", () => {
  const figure = lineFigure("loss", [drawn([1, 2, 3])], { ...VIEW, isWithoutOutliers: true, ySpan: [0, 1.5] });
  expect([figure.beyond, figure.lines[0]?.outside]).toEqual([0, []]);
});

test("a chart reaches as high as it is told", () => {
  const heights = (ySpan: ChartView["ySpan"], values: number[], isLog = false) => lineFigure("loss", [drawn(values)], { ...VIEW, ySpan, isLog }).y;
  expect(heights("zero", [5, 10])[0]).toBe(0);
  expect(heights("zero", [-10, -5])[1]).toBe(0);
  expect(heights([2, 3], [5, 10])).toEqual([2, 3]);
  expect(heights([0, 100], [5, 10], true)[0]).toBeGreaterThan(0);
});

test("the values behind the smoothed ones count for the height only while they are drawn", () => {
  const height = (hasRaw: boolean) => lineFigure("loss", [drawn([0, 100, 0, 100, 0])], { ...smoothedBy(0.9), hasRaw }).y[1];
  expect(height(false)).toBeLessThan(height(true));
});

test("a sentence names the best value where one has said which is better, and else both ends", () => {
  const figure = lineFigure("val/loss", [drawn([3, 1, 2]), drawn([2, 5, 4], styleOf({ id: "b", name: "bold" }))], VIEW);
  expect(bestOf(figure, "max")).toBe("best 5 in bold at step 1");
  expect(bestOf(figure, "min")).toBe("best 1 in calm-heron-1 at step 1");
  expect(bestOf(figure, null)).toBe("lowest 1 in calm-heron-1 at step 1, highest 5 in bold at step 1");
  expect(bestOf(lineFigure("lr", [drawn([3, 3])], VIEW), null)).toBe("3 throughout");
  expect(bestOf(lineFigure("lr", [drawn([NaN])], VIEW), "min")).toBeNull();
});

test("a single point is in the middle of its figure", () => {
  const figure = lineFigure("loss", [drawn([4])], VIEW);
  expect(figure.x).toEqual([-0.5, 0.5]);
  expect(figure.y[0]).toBeLessThan(4);
  expect(figure.y[1]).toBeGreaterThan(4);
});

test("a tile draws a hundred lines and counts the others", () => {
  const many = Array.from({ length: MOST_LINES + 14 }, (_, index) => drawn([1, 2], styleOf({ id: String(index) })));
  const figure = lineFigure("loss", many, VIEW);
  expect(figure.lines).toHaveLength(MOST_LINES);
  expect(figure.hidden).toBe(14);
});

test("a parallel writer's label is part of the line's name", () => {
  const figure = lineFigure("loss", [{ series: seriesOf({ values: [1], label: "rank1" }), style: styleOf({ name: "run" }) }], VIEW);
  expect(figure.lines[0]?.name).toBe("run · rank1");
});

test.each([
  ["before the first", -5, 0],
  ["between two, nearer to the left", 12, 1],
  ["between two, nearer to the right", 18, 2],
  ["after the last", 99, 3],
])("the nearest point: %s", (_, at, index) => {
  expect(nearest([0, 10, 20, 30], at)).toBe(index);
});

test("no point is nearest among none", () => {
  expect(nearest([], 3)).toBe(-1);
});

test("readings come highest first, without runs that ended before", () => {
  const short = drawn([9, 9], styleOf({ id: "short", name: "short" }));
  const figure = lineFigure("loss", [drawn([1, 1, 1, 1, 1]), short, drawn([5, 5, 5, 5, 5], styleOf({ id: "high" }))], VIEW);
  expect(readingsAt(figure, 4, 0.5).map(({ line }) => line.run)).toEqual(["high", "a"]);
  expect(readingsAt(figure, 1, 0.5).map(({ line }) => line.run)).toEqual(["short", "high", "a"]);
});

test("runs of one hue are solid, dashed, then dotted", () => {
  expect(dashes([3, 4, 3, 3, 3])).toEqual([0, 0, 1, 2, 2]);
});

test("a figure is described in a sentence", () => {
  expect(describeFigure("val/accuracy", VIEW, 2)).toBe("val/accuracy over step, 2 runs");
  expect(describeFigure("loss", { ...VIEW, x: "time" }, 1)).toBe("loss over wall time, 1 run");
  expect(describeFigure("loss", { ...VIEW, x: "metric:train/epoch" }, 1)).toBe("loss over train/epoch, 1 run");
});

const superseded = (values: (number | null)[]) => ({ series: seriesOf({ values, segment: 1 }), style: styleOf() });

test("what was superseded is kept apart from the lines, and still fits into the picture", () => {
  const figure = lineFigure("loss", [drawn([1, 2, 3]), superseded([9, 9, 9, 9, 9])], VIEW);
  expect(figure.lines.map(({ y }) => y)).toEqual([columnOf([1, 2, 3])]);
  expect(figure.superseded.map(({ y }) => y)).toEqual([columnOf([9, 9, 9, 9, 9])]);
  expect(figure.x).toEqual([0, 4]);
  expect(figure.y[1]).toBeGreaterThan(9);
});

test("nobody reads what was superseded", () => {
  const figure = lineFigure("loss", [drawn([1, 1]), superseded([9, 9])], VIEW);
  expect(readingsAt(figure, 1, 0.5).map(({ value }) => value)).toEqual([1]);
});

test("a line that is switched off takes along what it superseded", () => {
  const figure = lineFigure("loss", [drawn([1, 1]), superseded([9, 9]), drawn([2, 2], styleOf({ id: "b" }))], VIEW);
  const rest = withoutLines(figure, new Set(["a//0"]));
  expect([rest.lines.map(({ run }) => run), rest.superseded]).toEqual([["b"], []]);
});

test("superseded lines never take the place of those that count", () => {
  const many = Array.from({ length: MOST_LINES }, (_, index) => drawn([1, 2], styleOf({ id: String(index) })));
  const figure = lineFigure("loss", [superseded([9, 9]), ...many], VIEW);
  expect([figure.lines.length, figure.superseded.length, figure.hidden]).toEqual([MOST_LINES, 0, 0]);
});
