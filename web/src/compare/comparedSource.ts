/**
 * Lines as a comparison draws them: moved onto each other, and as differences from the baseline's.
 *
 * It stands before the store that has the lines themselves. What it makes of a state is the same object until that state
 * is another, so that nothing is drawn twice.
 */

import type { MetricState, SeriesSource } from "../charts/store";
import { aligned } from "./alignment";
import { lineDifferences } from "./difference";

/** `offsets` null moves nothing; `baseline` null takes nothing away. */
export type Comparing = { offsets: ReadonlyMap<string, number> | null; baseline: string | null };

export class ComparedSource implements SeriesSource {
  private readonly made = new WeakMap<MetricState, MetricState>();

  constructor(
    private readonly lines: SeriesSource,
    private readonly comparing: Comparing,
  ) {}

  watch(metric: string, listener: () => void): () => void {
    return this.lines.watch(metric, listener);
  }

  retry(metric: string): void {
    this.lines.retry(metric);
  }

  state(metric: string): MetricState {
    const state = this.lines.state(metric);
    const known = this.made.get(state);
    if (known !== undefined) return known;
    const fresh = this.compared(state);
    this.made.set(state, fresh);
    return fresh;
  }

  private compared(state: MetricState): MetricState {
    const { offsets, baseline } = this.comparing;
    const moved = offsets === null ? state.series : aligned(state.series, offsets);
    return { ...state, series: baseline === null ? moved : lineDifferences(moved, baseline) };
  }
}
