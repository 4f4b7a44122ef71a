/**
 * From where to where the numbers of a column reach, and which part of it lies in a range of x.
 *
 * A whole column is read once: what was found is kept with its buffer, and of one that has grown in it (see `extend.ts`)
 * only the new numbers are read. NaN counts for nothing. Pure but for that memory.
 */

import type { Range } from "./figure";

/** `leastAt` and `mostAt` are the first places of these; `leastPositive` and `unpositive` are for a log axis. */
export type Extent = { least: number; leastAt: number; most: number; mostAt: number; leastPositive: number; unpositive: number };

type Known = { extent: Extent; length: number };

const known = new WeakMap<ArrayBufferLike, Known>();

/** Of the values whose x lies in the range. `x` is ordered. O(1) for one that is known, else O(values in the range). */
export function extentIn(x: Float64Array, values: Float64Array, range: Range): Extent {
  const [start, end] = between(x, range);
  if (start === 0 && end === values.length && values.byteOffset === 0) return extentOf(values);
  return read(values, start, end, nothing());
}

/** The places from the first x in the range up to the one behind the last. `x` is ordered. O(log n). */
export const between = (x: Float64Array, [from, to]: Range): [start: number, end: number] => [countWhile(x, (at) => at < from), countWhile(x, (at) => at <= to)];

function extentOf(values: Float64Array): Extent {
  const before = known.get(values.buffer);
  if (before?.length === values.length) return before.extent;
  const isOlderForm = before !== undefined && before.length > values.length;
  const extent = isOlderForm || before === undefined ? read(values, 0, values.length, nothing()) : read(values, before.length, values.length, { ...before.extent });
  if (!isOlderForm) known.set(values.buffer, { extent, length: values.length });
  return extent;
}

const nothing = (): Extent => ({ least: Infinity, leastAt: -1, most: -Infinity, mostAt: -1, leastPositive: Infinity, unpositive: 0 });

function read(values: Float64Array, start: number, end: number, into: Extent): Extent {
  let { least, leastAt, most, mostAt, leastPositive, unpositive } = into;
  for (let index = start; index < end; index += 1) {
    const value = values[index] ?? NaN;
    if (value < least) [least, leastAt] = [value, index];
    if (value > most) [most, mostAt] = [value, index];
    if (value <= 0) unpositive += 1;
    else if (value < leastPositive) leastPositive = value;
  }
  return { least, leastAt, most, mostAt, leastPositive, unpositive };
}

/** How many numbers at the beginning of an ordered column are such. */
function countWhile(x: Float64Array, isBefore: (at: number) => boolean): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(x[middle] ?? NaN)) low = middle + 1;
    else high = middle;
  }
  return low;
}
