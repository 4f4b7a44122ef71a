/**
 * The series that a page has, and how it comes by them.
 *
 * Tiles that become visible within one frame are asked for in one request; afterwards the live request brings what is
 * newer. There are two layers: all of x, and the range that one has zoomed to. The first stays while one is zoomed, so
 * that zooming out shows something at once. Lines that are to be smoothed otherwise, or shaded, stay as they are until the
 * new ones come. A request that is no longer wanted is aborted, and its answer never counts.
 */

import { type LiveAnswer, type SeriesRequest, reasonOf } from "../api";
import { type SeriesColumns, type Shape, hasShape } from "../series";
import { extend } from "./extend";
import type { Range, XAxis } from "./figure";
import { isFormula } from "./made";
import { sameSmoothing } from "./smoothing";

export type Framing = Shape & { x: XAxis; range: Range | null; points: number };
export type MetricState = { series: readonly SeriesColumns[]; isLoading: boolean; error: string | null };
/** What draws a metric needs of whatever has its lines. */
export type SeriesSource = Pick<SeriesStore, "watch" | "state" | "retry"> & Partial<Pick<SeriesStore, "beside" | "attach">>;
export type Fetch = (request: SeriesRequest, signal: AbortSignal) => Promise<readonly SeriesColumns[]>;

/** `series` is what was here before, while one waits for what replaces it. */
type Pair = { state: "old"; series: SeriesColumns[] } | { state: "asked"; series: SeriesColumns[] | null } | { state: "failed"; series: SeriesColumns[] | null; reason: string } | { state: "here"; series: SeriesColumns[] };
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
  private readonly besides = new Set<SeriesStore>();
  private isAsking = false;

  constructor(
    private readonly fetch: Fetch,
    framing: Framing,
    private readonly soon: (run: () => void) => void = (run) => void requestAnimationFrame(run),
  ) {
    this.whole = layer({ ...framing, range: null });
    if (framing.range !== null) this.detail = layer(framing);
  }

  /** A store of its own for a chart that looks at the same runs otherwise. It follows this one while it is attached. */
  beside(view: Partial<Framing>): SeriesStore {
    return new SeriesStore(this.fetch, { ...this.framing(), ...view }, this.soon);
  }

  /** Until the answer is called. */
  attach(store: SeriesStore): () => void {
    this.besides.add(store);
    store.show(this.runs);
    return () => {
      this.besides.delete(store);
      store.close();
    };
  }

  framing(): Framing {
    return (this.detail ?? this.whole).framing;
  }

  /** Which runs are visible; the data of others stays for when they come back. */
  show(runs: readonly string[]): void {
    for (const beside of this.besides) beside.show(runs);
    if (runs.length === this.runs.length && runs.every((run, index) => run === this.runs[index])) return;
    this.runs = runs;
    this.changed([...this.wanted.keys()]);
    this.ask();
  }

  frame(framing: Framing): void {
    const { smoothing, band } = framing;
    for (const beside of this.besides) beside.frame({ ...beside.framing(), smoothing, band });
    const old = this.framing();
    if (sameFraming(old, framing)) return;
    if (this.detail === null || !sameView(this.detail.framing, framing)) {
      this.detail?.abort.abort();
      this.detail = framing.range === null ? null : layer(framing);
    } else reshape(this.detail, framing);
    if (framing.x !== this.whole.framing.x || framing.points !== this.whole.framing.points) {
      this.whole.abort.abort();
      this.whole = layer({ ...framing, range: null });
    } else reshape(this.whole, framing);
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
      const row = one.pairs.get(metric);
      for (const [run, pair] of row ?? []) if (pair.state === "failed") forgetWish(row, run, pair);
    }
    this.changed([metric]);
    this.ask();
  }

  /** Fetches everything again: names or points are others than before. What is here stays until that comes. */
  refresh(): void {
    for (const beside of this.besides) beside.refresh();
    for (const one of this.layers()) {
      giveUp(one);
      for (const row of one.pairs.values()) for (const [run, { series }] of row) row.set(run, { state: "old", series: series ?? [] });
    }
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

  /** Fetches a series again, which stays as it is until that comes. */
  private renew(metric: string, run: string): void {
    for (const { pairs } of this.layers()) {
      const pair = pairs.get(metric)?.get(run);
      if (pair?.state === "here") pairs.get(metric)?.set(run, { state: "old", series: pair.series });
    }
    this.ask();
  }

  /** The counts by which a live answer tells what is new of a series. */
  private counts(metric: string, run: string): readonly [number, number][] | null {
    const { pairs, framing } = this.detail ?? this.whole;
    const pair = pairs.get(metric)?.get(run);
    if (pair?.state !== "here") return null;
    return pair.series.filter((one) => one.x.length <= GROWTH * framing.points).map((one) => [one.id, one.count]);
  }

  /** What the live request asks for `live` runs: the tiles that are mounted, and how far each series is known. */
  watching(live: readonly string[]): { runs: string[]; metrics: string[]; counts: Record<string, number>; framing: Framing } {
    const stores = [this, ...this.besides];
    const wanted = [...new Set(stores.flatMap((store) => [...store.wanted.keys()]))];
    const known = (metric: string, run: string) => stores.map((store) => store.counts(metric, run)).find((counts) => counts !== null) ?? null;
    // a formula that was refused must not have all be refused
    const metrics = wanted.filter((metric) => !isFormula(metric) || live.some((run) => known(metric, run) !== null)).slice(0, MOST_NAMES);
    const runs = live.filter((run) => metrics.some((metric) => known(metric, run) !== null)).slice(0, MOST_NAMES);
    const counts = metrics.flatMap((metric) => runs.flatMap((run) => known(metric, run) ?? []));
    return { runs, metrics, counts: Object.fromEntries(counts), framing: this.framing() };
  }

  /** Takes what a live answer brought, unless the view has moved on since it was asked. */
  merge(answer: Pick<LiveAnswer, "series">, framing: Framing): void {
    const current = this.detail ?? this.whole;
    if (!sameFraming(current.framing, framing)) return;
    const touched = new Set<string>();
    const replaced: SeriesColumns[] = [];
    for (const one of answer.series) {
      for (const beside of this.besides) beside.renew(one.metric, one.run);
      const pair = current.pairs.get(one.metric)?.get(one.run);
      if (pair?.state !== "here") continue;
      const at = pair.series.findIndex((old) => old.id === one.id);
      const old = pair.series[at];
      if (one.is_delta && (old === undefined || one.x.length + one.marks.length === 0)) continue;
      if (old === undefined && (one.segment !== 0 || pair.series.some((other) => isInPlaceOf(one, other)))) {
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
    for (const beside of this.besides) beside.close();
    for (const one of this.layers()) giveUp(one);
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
      series.push(...(pair?.series ?? before?.series ?? []));
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

  /** Metrics that lack the same runs go together; a formula, which may be none, goes alone. */
  private missing(): { runs: string[]; metrics: string[] }[] {
    const current = this.detail ?? this.whole;
    const groups = new Map<string, { runs: string[]; metrics: string[] }>();
    for (const metric of this.wanted.keys()) {
      const row = current.pairs.get(metric);
      const runs = this.runs.filter((run) => isLacking(row?.get(run), current.framing));
      if (runs.length === 0) continue;
      const key = isFormula(metric) ? metric : runs.join();
      const group = groups.get(key);
      if (group === undefined || group.metrics.length >= MOST_NAMES) groups.set(key, { runs, metrics: [metric] });
      else group.metrics.push(metric);
    }
    return [...groups.values()].flatMap(({ runs, metrics }) => portions(runs).map((some) => ({ runs: some, metrics })));
  }

  private async load(runs: string[], metrics: string[]): Promise<void> {
    const current = this.detail ?? this.whole;
    const { range, ...framing } = current.framing;
    const { signal } = current.abort;
    const before = (metric: string, run: string) => current.pairs.get(metric)?.get(run)?.series ?? null;
    put(current, runs, metrics, (metric, run) => ({ state: "asked", series: before(metric, run) }));
    try {
      const answer = await this.fetch({ runs, metrics, ...framing, range: range === null ? null : [range[0], range[1]] }, signal);
      if (signal.aborted) return;
      const found = Map.groupBy(answer, (one) => key(one.metric, one.run));
      put(current, runs, metrics, (metric, run) => ({ state: "here", series: found.get(key(metric, run)) ?? [] }));
    } catch (error) {
      if (signal.aborted) return;
      put(current, runs, metrics, (metric, run) => ({ state: "failed", series: before(metric, run), reason: reasonOf(error) }));
    }
    this.changed(metrics);
  }
}

/** A run that was resumed from an earlier step goes on in new series; so does what it left behind, and all is asked anew. */
const isInPlaceOf = (one: SeriesColumns, other: SeriesColumns) => one.label === other.label && one.segment === other.segment;

/** A request names so many runs at most. */
const portions = (runs: string[]): string[][] => Array.from({ length: Math.ceil(runs.length / MOST_NAMES) }, (_, index) => runs.slice(index * MOST_NAMES, (index + 1) * MOST_NAMES));

const key = (metric: string, run: string) => `${run}\n${metric}`;

const layer = (framing: Framing): Layer => ({ framing, pairs: new Map(), abort: new AbortController() });

/** The same points, whatever is made of them. */
const sameView = (a: Framing, b: Framing) => a.x === b.x && a.points === b.points && a.range?.[0] === b.range?.[0] && a.range?.[1] === b.range?.[1];

export const sameFraming = (a: Framing, b: Framing) => sameView(a, b) && a.band === b.band && sameSmoothing(a.smoothing, b.smoothing);

const isLacking = (pair: Pair | undefined, framing: Framing) =>
  pair === undefined || pair.state === "old" || (pair.state === "here" && !pair.series.every((one) => hasShape(one, framing)));

/** What is here stays; what was asked for in the old shape is asked for again. */
function reshape(one: Layer, { smoothing, band }: Framing): void {
  if (one.framing.band === band && sameSmoothing(one.framing.smoothing, smoothing)) return;
  giveUp(one);
  one.framing = { ...one.framing, smoothing, band };
}

function giveUp(one: Layer): void {
  one.abort.abort();
  one.abort = new AbortController();
  for (const row of one.pairs.values()) {
    for (const [run, pair] of row) if (pair.state === "asked" || pair.state === "failed") forgetWish(row, run, pair);
  }
}

/** As if nothing had been asked for since what is here came: that is shown, and to be replaced. */
function forgetWish(row: Map<string, Pair> | undefined, run: string, { series }: Pair): void {
  if (series === null) row?.delete(run);
  else row?.set(run, { state: "old", series });
}

function put(into: Layer, runs: readonly string[], metrics: readonly string[], pair: (metric: string, run: string) => Pair): void {
  for (const metric of metrics) {
    const row = into.pairs.get(metric) ?? new Map<string, Pair>();
    for (const run of runs) row.set(run, pair(metric, run));
    into.pairs.set(metric, row);
  }
}
