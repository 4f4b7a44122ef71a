import { expect, test } from "vitest";
import { smooth } from "../src/charts/smooth";
import { type Smoothing, SMOOTHINGS, amountText, atPosition, inKind, positionOf, readSmoothing, scaleOf, stepped, writeSmoothing } from "../src/charts/smoothing";
import { columnOf } from "./series";

const smoothed = (x: number[], values: (number | null)[], amount: number, kind: Smoothing["kind"] = "time_ema", stored = x.length) =>
  smooth({ x: columnOf(x), values: columnOf(values), points_in_range: stored }, { kind, amount });

test.each([["time_ema", 0.9], ["ema", 0.9], ["mean", 3], ["gaussian", 1]] as const)("a constant stays what it is from its first point: %s", (kind, amount) => {
  for (const value of smoothed([0, 1, 2, 3], [5, 5, 5, 5], amount, kind)) expect(value).toBeCloseTo(5);
});

test.each([["time_ema", 0.5], ["ema", 0.5], ["mean", 3], ["gaussian", 1]] as const)("a gap stays one and the points behind it go on: %s", (kind, amount) => {
  const [, gap, after] = smoothed([0, 1, 2], [1, null, 1], amount, kind);
  expect(gap).toBeNaN();
  expect(after).toBeCloseTo(1);
});

test("a weight of zero changes nothing", () => {
  expect(smoothed([0, 1, 2], [1, 7, 3], 0)).toEqual(columnOf([1, 7, 3]));
});

test("a longer distance forgets more where distances count, and only there", () => {
  const third = (x: number, kind: Smoothing["kind"]) => smoothed([0, 1, x, 100], [0, 0, 1, 1], 0.9, kind)[2] ?? 0;
  expect(third(90, "time_ema")).toBeGreaterThan(third(2, "time_ema"));
  expect(third(90, "ema")).toBeCloseTo(third(2, "ema"));
});

test("a running mean takes as many points on either side as there are", () => {
  expect(smoothed([0, 1, 2, 3], [0, 3, 6, 9], 3, "mean")).toEqual(columnOf([1.5, 3, 6, 7.5]));
});

test("a thinned point counts as many as it stands for", () => {
  const few = smoothed([0, 10, 20], [0, 0, 1], 0.9, "ema", 30)[2] ?? 0;
  const all = smoothed([0, 1, 2], [0, 0, 1], 0.9, "ema")[2] ?? 0;
  expect(few).toBeGreaterThan(all);
  expect(smoothed([0, 10, 20], [0, 6, 0], 3, "mean", 30)).toEqual(columnOf([0, 6, 0]));
});

test.each<[string | undefined, Smoothing, string | undefined]>([
  [undefined, { kind: "time_ema", amount: 0 }, undefined],
  ["0.6", { kind: "time_ema", amount: 0.6 }, "0.6"],
  ["mean:11", { kind: "mean", amount: 11 }, "mean:11"],
  ["gaussian:0", { kind: "gaussian", amount: 0 }, "gaussian:0"],
  ["7", { kind: "time_ema", amount: 0.999 }, "0.999"],
  ["nonsense:x", { kind: "time_ema", amount: 0 }, undefined],
])("the address %s is a smoothing and the other way round", (text, smoothing, written) => {
  expect(readSmoothing(text)).toEqual(smoothing);
  expect(writeSmoothing(smoothing)).toBe(written);
});

test.each(SMOOTHINGS.map(({ kind }) => kind))("each place on the slider of %s is kept", (kind) => {
  const { max, step } = scaleOf(kind);
  for (const position of [0, step, 2 * step, max - step, max]) expect(positionOf(atPosition(kind, position))).toBeCloseTo(position);
});

test("another kind smooths about as much, and none stays none", () => {
  expect(inKind({ kind: "time_ema", amount: 0.9 }, "mean")).toEqual({ kind: "mean", amount: 21 });
  expect(inKind({ kind: "mean", amount: 21 }, "time_ema").amount).toBeCloseTo(0.909);
  expect(inKind({ kind: "ema", amount: 0.5 }, "time_ema")).toEqual({ kind: "time_ema", amount: 0.5 });
  expect(inKind({ kind: "ema", amount: 0 }, "gaussian").amount).toBe(0);
});

test("a key takes a step and stays within the slider", () => {
  expect(stepped({ kind: "time_ema", amount: 0.95 }, 1).amount).toBe(0.999);
  expect(stepped({ kind: "time_ema", amount: 0 }, -1).amount).toBe(0);
  expect(stepped({ kind: "mean", amount: 3 }, 1).amount).toBe(5);
  expect(stepped({ kind: "mean", amount: 3 }, -1).amount).toBe(0);
});

test("an amount is said in the measure of its kind", () => {
  expect([{ kind: "ema", amount: 0.6 }, { kind: "mean", amount: 11 }, { kind: "gaussian", amount: 5 }].map((one) => amountText(one as Smoothing))).toEqual(["0.60", "11 wide", "σ 5"]);
});
