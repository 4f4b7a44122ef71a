/** Series for tests: a name, points and whatever else matters to the test. A null among the values is a gap. */

import type { RunStyle } from "../src/charts/figure";
import type { SeriesColumns } from "../src/series";

type Given = Partial<Omit<SeriesColumns, "x" | "steps" | "values">> & { values: (number | null)[]; x?: number[] };

export function seriesOf({ values, x = values.map((_, index) => index), ...others }: Given): SeriesColumns {
  return {
    id: 1,
    run: "a",
    metric: "loss",
    label: "",
    segment: 0,
    count: x.length,
    points_in_range: x.length,
    is_exact: true,
    is_delta: false,
    marks: [],
    ...others,
    x: Float64Array.from(x),
    steps: Float64Array.from(x, Math.round),
    values: columnOf(values),
  };
}

export const columnOf = (values: readonly (number | null)[]): Float64Array => Float64Array.from(values, (value) => value ?? NaN);

export const styleOf = (given: Partial<RunStyle> = {}): RunStyle => ({ id: "a", name: "calm-heron-1", hue: 0, dash: 0, isRunning: false, ...given });
