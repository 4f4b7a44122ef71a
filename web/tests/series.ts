/** Series for tests: a name, points and whatever else matters to the test. */

import type { SeriesColumns } from "../src/api";
import type { RunStyle } from "../src/charts/figure";

type Given = Partial<Omit<SeriesColumns, "x" | "values">> & { values: (number | null)[]; x?: number[] };

export function seriesOf(given: Given): SeriesColumns {
  const x = given.x ?? given.values.map((_, index) => index);
  return { id: 1, run: "a", metric: "loss", label: "", segment: 0, count: x.length, points_in_range: x.length, is_exact: true, is_delta: false, steps: x.map(Math.round), marks: [], ...given, x };
}

export const styleOf = (given: Partial<RunStyle> = {}): RunStyle => ({ id: "a", name: "calm-heron-1", hue: 0, dash: 0, isRunning: false, ...given });
