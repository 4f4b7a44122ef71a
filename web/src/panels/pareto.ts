/** Which points no other point beats in both directions. Pure. */

import type { Goal } from "./state";

/** The places of the points of the front in order of x; points with a NaN are none. O(n log n). */
export function paretoFront(x: ArrayLike<number>, y: ArrayLike<number>, good: { x: Goal; y: Goal }): number[] {
  const along = good.x === "min" ? 1 : -1;
  const across = good.y === "min" ? 1 : -1;
  const at = (values: ArrayLike<number>, place: number) => values[place] ?? NaN;
  const places = Array.from({ length: x.length }, (_, place) => place).filter((place) => !Number.isNaN(at(x, place)) && !Number.isNaN(at(y, place)));
  places.sort((a, b) => along * (at(x, a) - at(x, b)) || across * (at(y, a) - at(y, b)) || a - b);
  const front: number[] = [];
  let best = Infinity;
  for (const place of places) {
    const height = across * at(y, place);
    if (height >= best) continue;
    best = height;
    front.push(place);
  }
  return front.sort((a, b) => at(x, a) - at(x, b));
}
