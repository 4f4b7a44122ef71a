import { expect, test } from "vitest";
import { extend } from "../src/charts/extend";
import { between, extentIn } from "../src/charts/extent";
import { columnOf, seriesOf } from "./series";

const ALL = [-Infinity, Infinity] as const;

test("the least and the greatest are found with their first places, and gaps count for nothing", () => {
  const values = columnOf([3, null, 1, 9, 1, 9]);
  expect(extentIn(columnOf([0, 1, 2, 3, 4, 5]), values, ALL)).toMatchObject({ least: 1, leastAt: 2, most: 9, mostAt: 3 });
});

test("a column without a number reaches nowhere", () => {
  expect(extentIn(columnOf([0]), columnOf([null]), ALL)).toMatchObject({ least: Infinity, leastAt: -1, most: -Infinity, mostAt: -1 });
});

test("only what lies in the range counts, its ends included", () => {
  const x = columnOf([0, 1, 2, 2, 3]);
  expect(between(x, [1, 2])).toEqual([1, 4]);
  expect(extentIn(x, columnOf([100, 1, 2, 3, 100]), [1, 2])).toMatchObject({ least: 1, most: 3, mostAt: 3 });
  expect(extentIn(x, columnOf([100, 1, 2, 3, 100]), [5, 6])).toMatchObject({ leastAt: -1, mostAt: -1 });
});

test("what a log axis cannot show is counted", () => {
  expect(extentIn(columnOf([0, 1, 2, 3]), columnOf([-1, 0, 0.5, 2]), ALL)).toMatchObject({ leastPositive: 0.5, unpositive: 2 });
});

test("of a series that goes on the new points count, and what it was before stays as it was", () => {
  const first = extend(seriesOf({ x: [0], values: [5] }), seriesOf({ x: [1], values: [6], is_delta: true }));
  expect(extentIn(first.x, first.values, ALL)).toMatchObject({ least: 5, most: 6 });
  const second = extend(first, seriesOf({ x: [2, 3], values: [-7, 8], is_delta: true }));
  expect(extentIn(second.x, second.values, ALL)).toMatchObject({ least: -7, leastAt: 2, most: 8, mostAt: 3, unpositive: 1 });
  expect(extentIn(first.x, first.values, ALL)).toMatchObject({ least: 5, most: 6 });
});
