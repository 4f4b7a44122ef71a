/** The lines of several metrics as those of one chart. */

import type { MetricState, SeriesSource } from "./store";

/** What it makes is the same object until a part of it is another. */
export function together(source: SeriesSource, metrics: readonly string[]): SeriesSource {
  let known: { parts: MetricState[]; whole: MetricState } | null = null;
  return {
    watch: (_, listener) => {
      const ends = metrics.map((metric) => source.watch(metric, listener));
      return () => { for (const end of ends) end(); };
    },
    state: () => {
      const parts = metrics.map((metric) => source.state(metric));
      if (known?.parts.every((part, index) => part === parts[index]) === true) return known.whole;
      const whole = { series: parts.flatMap(({ series }) => series), isLoading: parts.some(({ isLoading }) => isLoading), error: parts.find(({ error }) => error !== null)?.error ?? null };
      known = { parts, whole };
      return whole;
    },
    retry: () => { for (const metric of metrics) source.retry(metric); },
  };
}
