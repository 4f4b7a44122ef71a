/** Series for tests: a name, points and whatever else matters to the test. A null among the values is a gap. */

import type { RunStyle } from "../src/charts/figure";
import type { SeriesColumns } from "../src/series";

type Columns = "x" | "steps" | "values" | "smoothed" | "low" | "high";
type Given = Partial<Omit<SeriesColumns, Columns>> & { values: (number | null)[]; x?: number[]; smoothed?: number[]; low?: (number | null)[]; high?: (number | null)[] };

export function seriesOf({ values, x = values.map((_, index) => index), smoothed = [], low = [], high = [], ...others }: Given): SeriesColumns {
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
    shape: { smoothing: null, band: false },
    ...others,
    x: Float64Array.from(x),
    steps: Float64Array.from(x, Math.round),
    values: columnOf(values),
    smoothed: columnOf(smoothed),
    low: columnOf(low),
    high: columnOf(high),
  };
}

export const columnOf = (values: readonly (number | null)[]): Float64Array => Float64Array.from(values, (value) => value ?? NaN);

export const styleOf = (given: Partial<RunStyle> = {}): RunStyle => ({ id: "a", name: "calm-heron-1", hue: 0, dash: 0, isRunning: false, ...given });
