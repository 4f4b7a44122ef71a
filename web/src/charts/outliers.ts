/** What lies far from the other values: where the usual ones are, and where a line leaves them. Pure. */

export type Span = readonly [number, number];

/** `isUp` says through which edge the line leaves. */
export type Excursion = { x: number; isUp: boolean };

const LEAST_SHARE = 0.01;

/** From the 1st to the 99th percentile. [Infinity, -Infinity] for no values. O(n log n). */
export function usualSpan(values: readonly number[]): Span {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return [Infinity, -Infinity];
  return [quantile(sorted, LEAST_SHARE), quantile(sorted, 1 - LEAST_SHARE)];
}

function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? NaN;
  return low + ((sorted[below + 1] ?? low) - low) * (place - below);
}

/** One for each stretch of a line beyond an edge, where it is farthest out; `count` is how many points these are. */
export function excursions(x: Float64Array, values: Float64Array, [low, high]: Span): { found: Excursion[]; count: number } {
  const found: Excursion[] = [];
  let count = 0;
  let before: -1 | 0 | 1 = 0;
  let farthest = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? NaN;
    const side = value > high ? 1 : value < low ? -1 : 0;
    const isFarther = side !== before || side * value > farthest;
    if (side !== 0) count += 1;
    if (side !== 0 && isFarther) {
      if (side === before) found.pop();
      found.push({ x: x[index] ?? 0, isUp: side === 1 });
      farthest = side * value;
    }
    before = side;
  }
  return { found, count };
}
