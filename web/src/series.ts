/**
 * Series as the page has them, and how they come out of an answer.
 *
 * The server sends the numbers of a column as they lie in its memory: eight bytes each, little endian as on every
 * machine that runs a browser. A column is put to use as it is, without an object or a number being made of each value.
 */

import { decode } from "@msgpack/msgpack";
import { type Smoothing, sameSmoothing } from "./charts/smoothing";
import type { components } from "./schema";

type Schemas = components["schemas"];
type Column = "x" | "steps" | "values" | "smoothed" | "low" | "high";

/** What a request says of the shape of its series: kept with them, because the view moves on meanwhile. */
export type Shape = { smoothing: Smoothing | null; band: boolean };

/**
 * One series as parallel columns, ordered by x. A NaN among `values` is a gap; its mark says what was logged there.
 * `smoothed`, `low` and `high` are empty where `shape` does not ask for them.
 */
export type SeriesColumns = Omit<Schemas["SeriesColumns"], Column> & Record<Column, Float64Array> & { shape: Shape; pooled?: Pooled };

/** What is said of the runs of a group at each x, and of how many runs that is, of the `runCount` that have the metric; `leftOut` older ones were not read. */
export type Pooled = { center: Center; n: Float64Array; runCount: number; leftOut: number };
export type Center = NonNullable<Schemas["GroupsRequest"]["statistic"]>;
export type Spread = NonNullable<Schemas["GroupsRequest"]["band"]>;

type CurveColumn = "x" | "center" | "low" | "high" | "n" | "smoothed";
/** One metric of one group as parallel columns, ordered by x. */
export type Curve = Omit<Schemas["CurveColumns"], CurveColumn> & Record<CurveColumn, Float64Array>;
type SentCurve = Omit<Schemas["CurveColumns"], CurveColumn> & Record<CurveColumn, Uint8Array>;

type WithCurves<One> = Omit<Schemas["GroupsAnswer"], "groups"> & { groups: (Omit<Schemas["Group"], "curves"> & { curves: One[] })[] };
export type PackedGroups = WithCurves<SentCurve>;
export type GroupsWithCurves = WithCurves<Curve>;

/** As it comes: a column is the bytes of its numbers. */
type Sent = Omit<Schemas["SeriesColumns"], Column> & Record<Column, Uint8Array>;

/** An answer with series, as it comes and as the page has it. */
export type Packed<Answer> = Omit<Answer, "series"> & { series: Sent[] };
export type WithColumns<Answer> = Omit<Answer, "series"> & { series: SeriesColumns[] };

export const MESSAGE_PACK = "application/vnd.msgpack";

export const unpack = (body: ArrayBuffer): unknown => decode(new Uint8Array(body));

export const columnsOf = (sent: Sent, shape: Shape): SeriesColumns => ({
  ...sent,
  x: floats(sent.x),
  steps: integers(sent.steps),
  values: floats(sent.values),
  smoothed: floats(sent.smoothed),
  low: floats(sent.low),
  high: floats(sent.high),
  shape,
});

export const groupsOf = (answer: PackedGroups): GroupsWithCurves => ({ ...answer, groups: answer.groups.map((group) => ({ ...group, curves: group.curves.map(curveOf) })) });

const curveOf = (sent: SentCurve): Curve => ({ ...sent, x: floats(sent.x), center: floats(sent.center), low: floats(sent.low), high: floats(sent.high), n: integers(sent.n), smoothed: floats(sent.smoothed) });

/** Whether a series has all that is wanted of it; what it has beside that does not matter. */
export const hasShape = ({ shape }: SeriesColumns, wanted: Shape) =>
  (wanted.smoothing === null || sameSmoothing(shape.smoothing, wanted.smoothing)) && (shape.band || !wanted.band);

/**
 * The copy does not keep the rest of the answer alive. Number by number: the bytes are not aligned, and a copy of the
 * bytes would be a buffer for each of the thousands of columns of a point or two that a live answer brings.
 */
function floats(column: Uint8Array): Float64Array {
  if (column.length === 0) return NONE;
  const bytes = new DataView(column.buffer, column.byteOffset, column.byteLength);
  const numbers = new Float64Array(column.length / Float64Array.BYTES_PER_ELEMENT);
  for (let index = 0; index < numbers.length; index += 1) numbers[index] = bytes.getFloat64(8 * index, true);
  return numbers;
}

const NONE = new Float64Array();

/** Whole numbers of 64 bits, as exactly as a number can be, without a bigint for each. */
function integers(column: Uint8Array): Float64Array {
  if (column.length === 0) return NONE;
  const bytes = new DataView(column.buffer, column.byteOffset, column.byteLength);
  const numbers = new Float64Array(column.length / Float64Array.BYTES_PER_ELEMENT);
  for (let index = 0; index < numbers.length; index += 1) numbers[index] = bytes.getInt32(8 * index + 4, true) * 2 ** 32 + bytes.getUint32(8 * index, true);
  return numbers;
}
