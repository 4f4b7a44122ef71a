import { expect, test } from "vitest";
import { smooth } from "../src/charts/smooth";
import { columnOf } from "./series";

const smoothed = (x: number[], values: (number | null)[], weight: number) => smooth(columnOf(x), columnOf(values), weight);

test("a constant stays what it is from its first point", () => {
  for (const value of smoothed([0, 1, 2, 3], [5, 5, 5, 5], 0.9)) expect(value).toBeCloseTo(5);
});

test("weight zero changes nothing", () => {
  expect(smoothed([0, 1, 2], [1, 7, 3], 0)).toEqual(columnOf([1, 7, 3]));
});

test("a gap stays one and the average goes on behind it", () => {
  const [, gap, after] = smoothed([0, 1, 2], [1, null, 1], 0.5);
  expect(gap).toBeNaN();
  expect(after).toBeCloseTo(1);
});

test("a longer distance forgets more", () => {
  const near = smoothed([0, 1, 2, 100], [0, 0, 1, 1], 0.9)[2] ?? 0;
  const far = smoothed([0, 1, 90, 100], [0, 0, 1, 1], 0.9)[2] ?? 0;
  expect(far).toBeGreaterThan(near);
});
