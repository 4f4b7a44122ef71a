/**
 * Smooths the points at hand, for what is seen until the server's answer is here: that is made of all points.
 *
 * Where the points are thinned, each stands for several, and counts as so many: the two then look alike. A NaN stays a
 * gap and is passed over. Everything here is pure.
 */

import type { Smoothing } from "./smoothing";

export type Points = { x: Float64Array; values: Float64Array; points_in_range: number };

export function smooth(points: Points, { kind, amount }: Smoothing): Float64Array {
  const { x, values } = points;
  const stored = Math.max(points.points_in_range, x.length);
  const each = stored / Math.max(1, x.length);
  switch (kind) {
    case "time_ema": {
      const distance = ((x.at(-1) ?? 0) - (x[0] ?? 0)) / Math.max(1, stored - 1);
      return average(values, amount, (from, to) => (distance === 0 ? 1 : ((x[to] ?? 0) - (x[from] ?? 0)) / distance));
    }
    case "ema":
      return average(values, amount, (from, to) => (to - from) * each);
    case "mean":
      return around(values, Math.round((amount - 1) / 2 / each), () => 1);
    case "gaussian": {
      const deviation = amount / each;
      return around(values, Math.ceil(3 * deviation), (distance) => Math.exp(-0.5 * (distance / deviation) ** 2));
    }
  }
}

/**
 * An exponential average that keeps `weight` of the past over a distance of 1, so that unevenly spaced points are
 * smoothed alike. Corrected for its bias at the start.
 */
function average(values: Float64Array, weight: number, distance: (from: number, to: number) => number): Float64Array {
  let mean = 0;
  let total = 0;
  let last: number | null = null;
  return values.map((value, index) => {
    if (Number.isNaN(value)) return NaN;
    const kept: number = last === null ? weight : weight ** distance(last, index);
    const share: number = 1 - kept;
    last = index;
    mean = mean * kept + value * share;
    total = total * kept + share;
    return total === 0 ? value : mean / total;
  });
}

/** The weighted mean of each point and its neighbours, as far as `reach` and as there are any. */
function around(values: Float64Array, reach: number, weightAt: (distance: number) => number): Float64Array {
  const width = Math.min(reach, values.length);
  const weights = Float64Array.from({ length: width + 1 }, (_, distance) => weightAt(distance));
  return values.map((value, index) => {
    if (Number.isNaN(value)) return NaN;
    let sum = 0;
    let total = 0;
    const end = Math.min(values.length - 1, index + width);
    for (let other = Math.max(0, index - width); other <= end; other += 1) {
      const one = values[other] ?? NaN;
      const weight = weights[Math.abs(other - index)] ?? 0;
      if (Number.isNaN(one)) continue;
      sum += one * weight;
      total += weight;
    }
    return sum / total;
  });
}
