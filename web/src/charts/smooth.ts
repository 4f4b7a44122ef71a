/** Time-weighted exponential smoothing of the points at hand. */

/**
 * `weight` (0 to 1) is how much of the past is kept over one mean distance between points, so that unevenly spaced
 * points are smoothed alike. Corrected for its bias at the start; a NaN stays one and does not reset the average.
 */
export function smooth(x: Float64Array, values: Float64Array, weight: number): Float64Array {
  const distance = ((x.at(-1) ?? 0) - (x[0] ?? 0)) / Math.max(1, x.length - 1);
  let average = 0;
  let total = 0;
  let last = x[0] ?? 0;
  return values.map((value, index) => {
    if (Number.isNaN(value)) return NaN;
    const at = x[index] ?? last;
    const kept = distance === 0 ? weight : weight ** ((at - last) / distance);
    const share = 1 - (index === 0 ? weight : kept);
    last = at;
    average = average * kept + value * share;
    total = total * kept + share;
    return total === 0 ? value : average / total;
  });
}
