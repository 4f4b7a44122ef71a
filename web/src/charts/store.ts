/**
 * The series that a page has, and how it comes by them.
 *
 * Tiles that become visible within one frame are asked for in one request; afterwards the live request brings what is
 * newer. There are two layers: all of x, and the range that one has zoomed to. The first stays while one is zoomed, so
 * that zooming out shows something at once. A request that is no longer wanted is aborted, and its answer never counts.
 */

import { type LiveAnswer, type SeriesRequest, reasonOf } from "../api";
import type { SeriesColumns } from "../series";
import { extend } from "./extend";
import type { Range, XAxis } from "./figure";

export type Framing = { x: XAxis; range: Range | null; points: number };
export type MetricState = { series: readonly SeriesColumns[]; isLoading: boolean; error: string | null };
export type Fetch = (request: SeriesRequest, signal: AbortSignal) => Promise<readonly SeriesColumns[]>;

type Pair = { state: "asked" } | { state: "failed"; reason: string } | { state: "here"; series: SeriesColumns[] };
type Layer = { framing: Framing; pairs: Map<string, Map<string, Pair>>; abort: AbortController };

const EMPTY: MetricState = { series: [], isLoading: false, error: null };
/** A series that has grown by so many times the points that were asked for is fetched again, thinned. */
const GROWTH = 3;
const MOST_NAMES = 200;

export class SeriesStore {
  private whole: Layer;
  private detail: Layer | null = null;
  private runs: readonly string[] = [];
  private readonly wanted = new Map<string, number>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private readonly states = new Map<string, MetricState>();
  private isAsking = false;

  constructor(
    private readonly fetch: Fetch,
    framing: Framing,
    private readonly soon: (run: () => void) => void = (run) => void requestAnimationFrame(run),
  ) {
    this.whole = layer({ ...framing, range: null });
    if (framing.range !== null) this.detail = layer(framing);
  }

  /** Which runs are visible; the data of others stays for when they come back. */
  show(runs: readonly string[]): void {
    if (runs.length === this.runs.length && runs.every((run, index) => run === this.runs[index])) return;
    this.runs = runs;
    this.changed([...this.wanted.keys()]);
    this.ask();
  }

  frame(framing: Framing): void {
    const old = this.detail?.framing ?? this.whole.framing;
    if (sameFraming(old, framing)) return;
    this.detail?.abort.abort();
    this.detail = framing.range === null ? null : layer(framing);
    if (framing.x !== this.whole.framing.x) {
      this.whole.abort.abort();
      this.whole = layer({ ...framing, range: null });
    }
    this.changed([...this.listeners.keys()]);
    this.ask();
  }

  /** Fetches `metric` and calls back when it changes, until the answer is called. */
  watch(metric: string, listener: () => void): () => void {
    this.wanted.set(metric, (this.wanted.get(metric) ?? 0) + 1);
    const listeners = this.listeners.get(metric) ?? new Set();
    this.listeners.set(metric, listeners.add(listener));
    this.ask();
    return () => {
      listeners.delete(listener);
      const left = (this.wanted.get(metric) ?? 1) - 1;
      if (left > 0) this.wanted.set(metric, left);
      else this.wanted.delete(metric);
    };
  }

  /** The same object until something changes. */
  state(metric: string): MetricState {
    const known = this.states.get(metric);
    if (known !== undefined) return known;
    const fresh = this.compute(metric);
    this.states.set(metric, fresh);
    return fresh;
  }

  retry(metric: string): void {
    for (const one of this.layers()) {
      for (const [run, pair] of one.pairs.get(metric) ?? []) if (pair.state === "failed") one.pairs.get(metric)?.delete(run);
    }
    this.changed([metric]);
    this.ask();
  }

  /** Fetches all of a run again: its points are others than before. */
  forget(run: string): void {
    this.drop(run, [...this.whole.pairs.keys(), ...(this.detail?.pairs.keys() ?? [])]);
  }

  private drop(run: string, metrics: readonly string[]): void {
    for (const one of this.layers()) for (const metric of metrics) one.pairs.get(metric)?.delete(run);
    this.changed(metrics);
    this.ask();
  }

  /** What the live request asks for `live` runs: the tiles that are mounted, and how far each series is known. */
  watching(live: readonly string[]): { runs: string[]; metrics: string[]; counts: Record<string, number>; framing: Framing } {
    const current = this.detail ?? this.whole;
    const metrics = [...this.wanted.keys()].slice(0, MOST_NAMES);
    const runs = live.filter((run) => metrics.some((metric) => current.pairs.get(metric)?.get(run)?.state === "here"));
    const counts: Record<string, number> = {};
    for (const metric of metrics) {
      for (const run of runs) {
        const pair = current.pairs.get(metric)?.get(run);
        if (pair?.state !== "here") continue;
        for (const one of pair.series) if (one.x.length <= GROWTH * current.framing.points) counts[one.id] = one.count;
      }
    }
    return { runs, metrics, counts, framing: current.framing };
  }

  /** Takes what a live answer brought, unless the view has moved on since it was asked. */
  merge(answer: Pick<LiveAnswer, "series">, framing: Framing): void {
    const current = this.detail ?? this.whole;
    if (!sameFraming(current.framing, framing)) return;
    const touched = new Set<string>();
    const replaced: SeriesColumns[] = [];
    for (const one of answer.series) {
      const pair = current.pairs.get(one.metric)?.get(one.run);
      if (pair?.state !== "here") continue;
      const at = pair.series.findIndex((old) => old.id === one.id);
      const old = pair.series[at];
      if (one.is_delta && (old === undefined || one.x.length + one.marks.length === 0)) continue;
      if (old === undefined && pair.series.some((other) => isInPlaceOf(one, other))) {
        replaced.push(one);
        continue;
      }
      const merged = one.is_delta && old !== undefined ? extend(old, one) : one;
      const series = old === undefined ? [...pair.series, merged] : pair.series.with(at, merged);
      current.pairs.get(one.metric)?.set(one.run, { state: "here", series });
      touched.add(one.metric);
    }
    this.changed([...touched]);
    for (const { run, metric } of replaced) this.drop(run, [metric]);
  }

  /** Gives up what is under way; what is asked for afterwards is fetched as ever. */
  close(): void {
    for (const one of this.layers()) {
      one.abort.abort();
      one.abort = new AbortController();
      for (const row of one.pairs.values()) for (const [run, pair] of row) if (pair.state === "asked") row.delete(run);
    }
  }

  private layers(): Layer[] {
    return this.detail === null ? [this.whole] : [this.whole, this.detail];
  }

  private compute(metric: string): MetricState {
    const series: SeriesColumns[] = [];
    let isLoading = false;
    let error: string | null = null;
    const current = this.detail ?? this.whole;
    for (const run of this.runs) {
      const pair = current.pairs.get(metric)?.get(run);
      const before = this.whole.pairs.get(metric)?.get(run);
      if (pair?.state === "failed") error = pair.reason;
      else if (pair?.state !== "here") isLoading = true;
      if (pair?.state === "here") series.push(...pair.series);
      else if (before?.state === "here") series.push(...before.series);
    }
    return this.runs.length === 0 ? EMPTY : { series, isLoading, error };
  }

  private changed(metrics: readonly string[]): void {
    for (const metric of metrics) this.states.delete(metric);
    for (const metric of metrics) this.listeners.get(metric)?.forEach((listener) => { listener(); });
  }

  private ask(): void {
    if (this.isAsking) return;
    this.isAsking = true;
    this.soon(() => {
      this.isAsking = false;
      for (const request of this.missing()) void this.load(request.runs, request.metrics);
    });
  }

  /** Metrics that lack the same runs go together. */
  private missing(): { runs: string[]; metrics: string[] }[] {
    const current = this.detail ?? this.whole;
    const groups = new Map<string, { runs: string[]; metrics: string[] }>();
    for (const metric of this.wanted.keys()) {
      const runs = this.runs.filter((run) => !current.pairs.get(metric)?.has(run));
      if (runs.length === 0) continue;
      const key = runs.join();
      const group = groups.get(key);
      if (group === undefined || group.metrics.length >= MOST_NAMES) groups.set(key, { runs: runs.slice(0, MOST_NAMES), metrics: [metric] });
      else group.metrics.push(metric);
    }
    return [...groups.values()];
  }

  private async load(runs: string[], metrics: string[]): Promise<void> {
    const current = this.detail ?? this.whole;
    const { x, range, points } = current.framing;
    const { signal } = current.abort;
    put(current, runs, metrics, () => ({ state: "asked" }));
    try {
      const answer = await this.fetch({ runs, metrics, x, points, range: range === null ? null : [range[0], range[1]] }, signal);
      const found = Map.groupBy(answer, (one) => key(one.metric, one.run));
      put(current, runs, metrics, (metric, run) => ({ state: "here", series: found.get(key(metric, run)) ?? [] }));
    } catch (error) {
      if (signal.aborted) return;
      put(current, runs, metrics, () => ({ state: "failed", reason: reasonOf(error) }));
    }
    this.changed(metrics);
  }
}

/** A run that was resumed from an earlier step goes on in new series, and what became of the old ones is to be asked. */
const isInPlaceOf = (one: SeriesColumns, other: SeriesColumns) => one.label === other.label && one.segment === other.segment;

const key = (metric: string, run: string) => `${run}\n${metric}`;

const layer = (framing: Framing): Layer => ({ framing, pairs: new Map(), abort: new AbortController() });

export const sameFraming = (a: Framing, b: Framing) =>
  a.x === b.x && a.points === b.points && a.range?.[0] === b.range?.[0] && a.range?.[1] === b.range?.[1];

function put(into: Layer, runs: readonly string[], metrics: readonly string[], pair: (metric: string, run: string) => Pair): void {
  for (const metric of metrics) {
    const row = into.pairs.get(metric) ?? new Map<string, Pair>();
    for (const run of runs) row.set(run, pair(metric, run));
    into.pairs.set(metric, row);
  }
}
