/** What of a comparison stands in the address: which runs, against which, and what one looks at. Pure. */

import { type Search, joinList, readChoice, splitList } from "../address";
import type { CompareRequest } from "../api";
import { type Alignment, readAlignment, writeAlignment } from "./alignment";

export type Statistic = NonNullable<CompareRequest["statistic"]>;

/** How the consoles of runs scroll together: by the number of the line, by the time since the start, or not at all. */
export type Link = (typeof LINKS)[number];
export const LINKS = ["line", "time", "none"] as const;

/** `baseline` null is the first run; `find` is looked for in the keys of rows, `printed` in what was printed. */
export type CompareView = {
  runs: string[];
  baseline: string | null;
  isAll: boolean;
  find: string;
  statistic: Statistic;
  hasRunsAsRows: boolean;
  isDifference: boolean;
  alignment: Alignment | null;
  printed: string;
  link: Link;
};

export const STATISTICS: readonly Statistic[] = ["shown", "last", "min", "max", "mean"];

/** As many as the server compares at once. */
export const MOST_RUNS = 100;

/** More runs than these do not fit beside each other. */
export const MOST_COLUMNS = 12;

export function readCompare(search: Search): CompareView {
  return {
    runs: [...new Set(splitList(search["runs"]))].slice(0, MOST_RUNS),
    baseline: search["baseline"] ?? null,
    isAll: search["rows"] === "all",
    find: search["row"] ?? "",
    statistic: readChoice(search["by"], STATISTICS, "shown"),
    hasRunsAsRows: search["as"] === "rows",
    isDifference: search["difference"] === "1",
    alignment: readAlignment(search["align"]),
    printed: search["printed"] ?? "",
    link: readChoice(search["link"], LINKS, "line"),
  };
}

export function writeCompare(view: CompareView): Search {
  return {
    runs: joinList(view.runs),
    baseline: view.baseline === null || !view.runs.includes(view.baseline) ? undefined : view.baseline,
    rows: view.isAll ? "all" : undefined,
    row: view.find === "" ? undefined : view.find,
    by: view.statistic === "shown" ? undefined : view.statistic,
    as: view.hasRunsAsRows ? "rows" : undefined,
    difference: view.isDifference ? "1" : undefined,
    align: writeAlignment(view.alignment),
    printed: view.printed === "" ? undefined : view.printed,
    link: view.link === "line" ? undefined : view.link,
  };
}

export const withRun = (view: CompareView, id: string): CompareView => ({ ...view, runs: [...view.runs.filter((run) => run !== id), id] });

/** The next run takes the place of a baseline that goes. */
export const withoutRun = (view: CompareView, id: string): CompareView => ({
  ...view,
  runs: view.runs.filter((run) => run !== id),
  baseline: view.baseline === id ? null : view.baseline,
});

/** Against a run that need not be among those compared: it comes first then, where one looks for a baseline. */
export const against = (view: CompareView, id: string): CompareView => ({ ...view, runs: view.runs.includes(id) ? view.runs : [id, ...view.runs], baseline: id });
