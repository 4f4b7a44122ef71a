import { expect, test } from "vitest";
import { extend } from "../src/charts/extend";
import { seriesOf } from "./series";

test("points that come late find their place", () => {
  const merged = extend(seriesOf({ x: [0, 2, 4], values: [0, 2, 4] }), seriesOf({ x: [1, 5], values: [1, 5], is_delta: true }));
  expect(merged.x).toEqual([0, 1, 2, 4, 5]);
  expect(merged.values).toEqual([0, 1, 2, 4, 5]);
  expect(merged.is_delta).toBe(false);
});

test("repeated steps are kept in the order in which they came", () => {
  const merged = extend(seriesOf({ x: [0, 1], values: [0, 1] }), seriesOf({ x: [1], values: [9], is_delta: true }));
  expect(merged.values).toEqual([0, 1, 9]);
});

test("marks stay ordered", () => {
  const merged = extend(seriesOf({ values: [1], marks: [{ x: 5, kind: "nan" }] }), seriesOf({ values: [], marks: [{ x: 2, kind: "inf" }] }));
  expect(merged.marks.map(({ x }) => x)).toEqual([2, 5]);
});
