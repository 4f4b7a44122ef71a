/**
 * Series as the page has them, and how they come out of an answer.
 *
 * The server sends the numbers of a column as they lie in its memory: eight bytes each, little endian as on every
 * machine that runs a browser. A column is put to use as it is, without an object or a number being made of each value.
 */

import { decode } from "@msgpack/msgpack";
import type { components } from "./schema";

type Schemas = components["schemas"];
type Column = "x" | "steps" | "values";

/** One series as parallel columns, ordered by x. A NaN among `values` is a gap; its mark says what was logged there. */
export type SeriesColumns = Omit<Schemas["SeriesColumns"], Column> & Record<Column, Float64Array>;

/** As it comes: a column is bytes, or a list where the server answers in JSON. */
type Sent = Omit<Schemas["SeriesColumns"], Column> & Record<Column, Uint8Array | (number | null)[]>;

export const MESSAGE_PACK = "application/vnd.msgpack";

export const unpack = (body: ArrayBuffer): unknown => decode(new Uint8Array(body));

export const columnsOf = (sent: Sent): SeriesColumns => ({
  ...sent,
  x: floats(sent.x),
  steps: integers(sent.steps),
  values: floats(sent.values),
});

/** The copy is aligned, which the bytes within an answer need not be, and does not keep the rest of it alive. */
const aligned = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer as ArrayBuffer;

const floats = (column: Uint8Array | (number | null)[]): Float64Array =>
  column instanceof Uint8Array ? new Float64Array(aligned(column)) : Float64Array.from(column, (value) => value ?? NaN);

/** Whole numbers of 64 bits, as exactly as a number can be, without a bigint for each. */
function integers(column: Uint8Array | (number | null)[]): Float64Array {
  if (!(column instanceof Uint8Array)) return floats(column);
  const buffer = aligned(column);
  const low = new Uint32Array(buffer);
  const high = new Int32Array(buffer);
  const numbers = new Float64Array(low.length / 2);
  for (let index = 0; index < numbers.length; index += 1) numbers[index] = (high[2 * index + 1] ?? 0) * 2 ** 32 + (low[2 * index] ?? 0);
  return numbers;
}
