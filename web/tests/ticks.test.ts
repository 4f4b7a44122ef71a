import { expect, test } from "vitest";
import { lineFigure } from "../src/charts/figure";
import { distinct, durationTick, evenTicks, logTicks, xTicks } from "../src/charts/ticks";
import { measureTicks } from "../src/charts/units";
import { seriesOf, styleOf } from "./series";

const MAGNITUDES = [1e-300, 1e-100, 1e-30, 1e-17, 1e-9, 1e-3, 1, 1e5, 1e12, 1e18, 1e33, 1e100, 1e300];

const rising = (texts: readonly string[]) => new Set(texts).size === texts.length;

test.each(MAGNITUDES)("a chart of values near %d has labels that one can read and tell apart", (size) => {
  for (const [low, high] of [[size, 2 * size], [0.9 * size, 1.1 * size], [-size, size], [0, size], [-2 * size, -size], [size, size * (1 + 1e-5)]] as const) {
    const ticks = evenTicks(low, high, 4.4);
    const texts = measureTicks("loss", ticks);
    expect(ticks.length).toBeGreaterThan(1);
    expect(ticks.every((tick) => tick >= low && tick <= high)).toBe(true);
    expect(rising(texts), texts.join(" ")).toBe(true);
    expect(Math.max(...texts.map((text) => text.length)), texts.join(" ")).toBeLessThanOrEqual(15);
    expect(rising(xTicks("metric:loss", ticks))).toBe(true);
  }
});

test.each(MAGNITUDES)("a log axis near %d has labels that one can read and tell apart", (size) => {
  for (const [low, high] of [[size, 8 * size], [size / 1e3, 1e3 * size], [size, 1.2 * size]] as const) {
    const texts = measureTicks("loss", logTicks(low, high, 4));
    expect(texts.length).toBeGreaterThan(1);
    expect(rising(texts), texts.join(" ")).toBe(true);
    expect(Math.max(...texts.map((text) => text.length)), texts.join(" ")).toBeLessThanOrEqual(10);
  }
});

test("a log axis over everything has powers of ten", () => {
  expect(measureTicks("loss", logTicks(1e-300, 1e300, 4))).toEqual(["1e-300", "1e-150", "1", "1e150", "1e300"]);
});

test.each([
  [1.0000001, 1.0000002, ["1.0000001", "1.00000012", "1.00000014", "1.00000016", "1.00000018", "1.0000002"]],
  [1 + 1e-12, 1 + 9e-12, ["≈1", "+2e-12", "+4e-12", "+6e-12"]],
  [1e300, 1e300 * (1 + 4.5e-12), ["1e300", "+1e288", "+2e288", "+3e288", "+4e288"]],
  [1e-30, 4e-30, ["1e-30", "2e-30", "3e-30", "4e-30"]],
  [20, 21.1, ["20", "20.25", "20.5", "20.75", "21"]],
])("from %d to %d the labels are %j", (low, high, texts) => {
  expect(measureTicks("loss", evenTicks(low, high, 5))).toEqual(texts);
});

test("moments far from the start are told by what lies between them", () => {
  const day = 24 * 3_600_000;
  expect(distinct([day, day + 600_000, day + 1_200_000], (tick) => durationTick(tick))).toEqual(["1d", "+10m", "+20m"]);
});

test.each([[1e-300, 1e300], [5e-324, 1e-300], [1e-30, 2e-30]])("a log chart from %d to %d ends at numbers that have a logarithm", (low, high) => {
  const view = { x: "step", smoothing: { kind: "time_ema", amount: 0 }, shade: "never", hasRaw: true, isLog: true, ySpan: "auto", isWithoutOutliers: false, range: null } as const;
  const [from, to] = lineFigure("loss", [{ series: seriesOf({ values: [low, high] }), style: styleOf() }], view).y;
  expect(Number.isFinite(Math.log10(from)) && Number.isFinite(Math.log10(to)) && from < to).toBe(true);
});
