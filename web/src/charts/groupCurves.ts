/**
 * Fetches the curves of groups for a `SeriesStore`, in which a group stands as a run whose id is the filter that states it.
 *
 * The server reckons each curve over all runs of its group, or, where these are more than it reads at once, over as many
 * of the newest of each as there is room for; each series says how many older ones that leaves out. What is asked beside
 * the store's own request may change at any time; who changes it has the store fetch again.
 */

import { type GroupsRequest, type SeriesRequest, api } from "../api";
import type { Center, GroupsWithCurves, SeriesColumns, Spread } from "../series";
import { groupSeries } from "./groupSeries";
import type { SeriesStore } from "./store";

export type Question = Pick<GroupsRequest, "project" | "text" | "filter" | "status" | "archived"> & { statistic: Center; band: Spread };

const PERIOD_MS = 2000;
/** Pauses of at least so many times what the last answer took keep the server three quarters idle. */
const COST_FACTOR = 4;

/** What the server reads at once at most. */
const MOST_RUNS = 2000;
const MOST_SERIES = 20_000;

export class GroupCurves {
  private readonly members = new Map<string, readonly string[]>();
  private underWay = 0;
  private askedAt = 0;
  private cost = 0;

  constructor(
    private question: Question,
    private readonly onMembers: (members: ReadonlyMap<string, readonly string[]>) => void,
    private readonly ask: (request: GroupsRequest, asking: { signal: AbortSignal }) => Promise<GroupsWithCurves> = api.groupSeries,
  ) {}

  about(question: Question): void {
    this.question = question;
  }

  readonly fetch = async ({ runs: filters, metrics, x, range, points, smoothing, band }: SeriesRequest, signal: AbortSignal): Promise<readonly SeriesColumns[]> => {
    const { question } = this;
    this.askedAt = performance.now();
    this.underWay += 1;
    try {
      const { groups } = await this.ask({ ...question, groups: filters, newest: newestOf(filters.length, metrics.length), metrics, x: x ?? "step", range: range ?? null, points: points ?? 400, smoothing: smoothing ?? null }, { signal });
      this.cost = performance.now() - this.askedAt;
      this.note(filters, groups);
      const how = { center: question.statistic, shape: { smoothing: smoothing ?? null, band: band === true }, isByStep: x === "step" };
      return groups.flatMap(({ curves, matched, run_count }, index) => curves.map((curve) => groupSeries(filters[index] ?? "", curve, { ...how, leftOut: matched - run_count })));
    } finally {
      this.underWay -= 1;
    }
  };

  /** Fetches again what may have grown, unless that is under way or would come too soon after the last time; says whether. */
  refresh(store: SeriesStore): boolean {
    const isDue = this.underWay === 0 && performance.now() - this.askedAt > Math.max(PERIOD_MS, COST_FACTOR * this.cost);
    if (isDue) store.refresh();
    return isDue;
  }

  /** Tells the first runs of each group where they are others than before. */
  private note(filters: readonly string[], groups: GroupsWithCurves["groups"]): void {
    let isNew = false;
    for (const [index, { runs }] of groups.entries()) {
      const filter = filters[index] ?? "";
      if (this.members.get(filter)?.join() === runs.join()) continue;
      this.members.set(filter, runs);
      isNew = true;
    }
    if (isNew) this.onMembers(new Map(this.members));
  }
}

/** How many runs of each group there is room for. */
const newestOf = (groupCount: number, metricCount: number) => Math.max(1, Math.floor(Math.min(MOST_RUNS, MOST_SERIES / Math.max(1, metricCount)) / Math.max(1, groupCount)));
