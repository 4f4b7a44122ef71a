import { expect, test } from "vitest";
import { extend } from "../src/charts/extend";
import { columnOf, seriesOf } from "./series";

test("points that come late find their place", () => {
  const merged = extend(seriesOf({ x: [0, 2, 4], values: [0, 2, 4] }), seriesOf({ x: [1, 5], values: [1, 5], is_delta: true }));
  expect(merged.x).toEqual(columnOf([0, 1, 2, 4, 5]));
  expect(merged.values).toEqual(columnOf([0, 1, 2, 4, 5]));
  expect(merged.is_delta).toBe(false);
});

test("repeated steps are kept in the order in which they came", () => {
  const merged = extend(seriesOf({ x: [0, 1], values: [0, 1] }), seriesOf({ x: [1], values: [9], is_delta: true }));
  expect(merged.values).toEqual(columnOf([0, 1, 9]));
});

test("several points that come late each find their place, and their steps with them", () => {
  const merged = extend(seriesOf({ x: [0, 5, 9], values: [0, null, 9] }), seriesOf({ x: [5, 6, 7], values: [50, 60, 70], is_delta: true }));
  expect(merged.x).toEqual(columnOf([0, 5, 5, 6, 7, 9]));
  expect(merged.values).toEqual(columnOf([0, null, 50, 60, 70, 9]));
  expect(merged.steps).toEqual(columnOf([0, 5, 5, 6, 7, 9]));
});

test("marks stay ordered", () => {
  const merged = extend(seriesOf({ values: [1], marks: [{ x: 5, kind: "nan" }] }), seriesOf({ values: [], marks: [{ x: 2, kind: "inf" }] }));
  expect(merged.marks.map(({ x }) => x)).toEqual([2, 5]);
});

test("a band goes on, and ends where the newer points have none", () => {
  const shape = { smoothing: null, band: true };
  const old = seriesOf({ values: [1, 2], low: [0, 1], high: [2, 3], shape });
  const newer = seriesOf({ x: [2], values: [9], low: [8], high: [10], shape, is_delta: true });
  expect(extend(old, newer)).toMatchObject({ low: columnOf([0, 1, 8]), high: columnOf([2, 3, 10]), shape });
  expect(extend(old, seriesOf({ x: [2], values: [9], is_delta: true }))).toMatchObject({ low: columnOf([]), shape: { band: false } });
});

test("a series that goes on leaves what it was before as it was", () => {
  const first = seriesOf({ x: [0, 1], values: [0, 1] });
  const second = extend(first, seriesOf({ x: [2], values: [2], is_delta: true }));
  const third = extend(second, seriesOf({ x: [3], values: [3], is_delta: true }));
  const other = extend(second, seriesOf({ x: [3], values: [30], is_delta: true }));
  expect(first.values).toEqual(columnOf([0, 1]));
  expect(second.values).toEqual(columnOf([0, 1, 2]));
  expect(third.values).toEqual(columnOf([0, 1, 2, 3]));
  expect(other.values).toEqual(columnOf([0, 1, 2, 30]));
});

test("a series that goes on for long copies itself seldom", () => {
  const buffers = new Set<ArrayBufferLike>();
  let series = seriesOf({ x: [0], values: [0] });
  for (let step = 1; step <= 1000; step += 1) {
    series = extend(series, seriesOf({ x: [step], values: [step], is_delta: true }));
    buffers.add(series.values.buffer);
  }
  expect(series.values).toHaveLength(1001);
  expect(buffers.size).toBeLessThan(40);
});
