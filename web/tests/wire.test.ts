import { encode } from "@msgpack/msgpack";
import { expect, test } from "vitest";
import { type Packed, type SeriesColumns, columnsOf, unpack } from "../src/series";
import { columnOf } from "./series";

const EMPTY = new Uint8Array();
const FACTS = { id: 1, run: "a", metric: "loss", label: "", segment: 0, count: 3, points_in_range: 3, is_exact: true, is_delta: false, marks: [{ x: 1, kind: "nan" }], smoothed: EMPTY, low: EMPTY, high: EMPTY };
const NO_SHAPE = { smoothing: null, band: false };
const STEPS = [0n, -1n, 2n ** 52n + 1n];

const bytes = (column: ArrayLike<number> | ArrayLike<bigint>) => new Uint8Array((column as Float64Array).buffer);
const float64 = (values: number[]) => bytes(Float64Array.from(values));
const int64 = (values: bigint[]) => bytes(BigInt64Array.from(values));

/** What the page has of an answer that the server packed. */
function received(series: object): SeriesColumns {
  const packed = encode({ series: [series] });
  const answer = unpack(packed.slice().buffer) as Packed<{ series: unknown }>;
  const [one] = answer.series;
  if (one === undefined) throw new Error("the answer had a series");
  return columnsOf(one, NO_SHAPE);
}

test.each([0, 1, 2, 3, 4, 5, 6, 7])("columns are read wherever they lie in an answer (shifted by %i bytes)", (shift) => {
  const series = received({ ...FACTS, label: "x".repeat(shift), x: float64([0, 0.5, 1e300]), steps: int64(STEPS), values: float64([1, NaN, -0]) });
  expect(series.x).toEqual(columnOf([0, 0.5, 1e300]));
  expect(series.values).toEqual(columnOf([1, null, -0]));
  expect(series.steps).toEqual(columnOf([0, -1, 2 ** 52 + 1]));
  expect(series.marks).toEqual([{ x: 1, kind: "nan" }]);
});

test("a series without points has empty columns", () => {
  const series = received({ ...FACTS, x: float64([]), steps: int64([]), values: float64([]) });
  expect([series.x.length, series.steps.length, series.values.length]).toEqual([0, 0, 0]);
});
