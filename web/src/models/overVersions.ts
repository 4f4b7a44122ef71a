/** How a metric went over the versions of a model, as places in a box of 100 by 100. Pure. */

import type { MetricSummary, ModelVersion } from "../api";

export const MOST_POINTS = 100;

export type Point = { version: number; value: number; /** From the left and from the top, in percent. */ x: number; y: number; aliases: readonly string[] };
export type OverVersions = { points: Point[]; least: number; most: number; /** Versions that lack the metric, or are older than those shown. */ leftOut: number };

type Shown = Pick<ModelVersion, "version" | "metrics" | "aliases">;

/** The value that stands for the run, as rules compare it; null without a finite one. */
export const valueOf = (summary: MetricSummary | null | undefined): number | null => summary?.shown ?? summary?.last ?? null;

/** Which value that is, where it is not the last. */
export const wordOf = (summary: MetricSummary | null | undefined): string | null => {
  const word = summary?.summary ?? null;
  return word === "last" || valueOf(summary) === null ? null : word;
};

/** The newest versions that have a finite value, oldest first; null without any. */
export function overVersions(versions: readonly Shown[], metric: string): OverVersions | null {
  const measured = versions
    .toSorted((a, b) => b.version - a.version)
    .flatMap(({ version, metrics, aliases }) => {
      const value = valueOf(metrics[metric]);
      return value === null ? [] : [{ version, value, aliases }];
    })
    .slice(0, MOST_POINTS)
    .reverse();
  if (measured.length === 0) return null;
  const values = measured.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const points = measured.map((one, place) => ({ ...one, x: share(place, 0, measured.length - 1), y: 100 - share(one.value, least, most) }));
  return { points, least, most, leftOut: versions.length - points.length };
}

/** In the middle where there is no extent. */
const share = (value: number, least: number, most: number) => (most === least ? 50 : ((value - least) / (most - least)) * 100);

/** The metrics that any version has, by name. */
export const metricsOf = (versions: readonly Pick<ModelVersion, "metrics">[]): string[] =>
  [...new Set(versions.flatMap(({ metrics }) => Object.keys(metrics)))].toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
