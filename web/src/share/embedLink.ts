/**
 * The address of charts that stand in another page: which runs, which metrics, and how they are drawn. Pure.
 *
 * The runs are named one by one, so that what was shared stays what it is while newer runs come.
 */

import { type Search, joinList, parseSearch, splitList, stringifySearch } from "../address";
import { type ChartSettings, readCharts, writeCharts } from "../charts/settings";

export type Embedded = { project: string; runs: string[]; metrics: string[]; settings: ChartSettings };

const START = "/embed/";

export const isEmbedded = (path: string): boolean => path.startsWith(START);

export function embedAddress({ project, runs, metrics, settings }: Embedded): string {
  const search: Search = { ...writeCharts(settings), find: undefined, runs: joinList(runs), metrics: joinList(metrics) };
  return `${START}${encodeURIComponent(project)}${stringifySearch(search)}`;
}

/** Without metrics, the first ones of the runs are meant. */
export function readEmbedded(path: string, query: string): Embedded {
  const search = parseSearch(query);
  const runs = splitList(search["runs"]);
  return { project: decode(path.slice(START.length)), runs, metrics: splitList(search["metrics"]), settings: readCharts(search) };
}

/** The same in a page with everything around it. */
export function pageAddress({ project, runs, settings }: Embedded): string {
  const search: Search = { runs: joinList(runs), tab: "charts", ...writeCharts(settings), find: undefined };
  return `/p/${encodeURIComponent(project)}/compare${stringifySearch(search)}`;
}

/** The project whose pages an address belongs to. */
export const projectIn = (path: string): string => decode(/^\/p\/([^/]+)/.exec(path)?.[1] ?? "");

/** What one puts into another page. */
export const frameCode = (address: string): string =>
  `<iframe src="${address.replace(/&/g, "&amp;").replace(/"/g, "&quot;")}" width="640" height="360" style="border: 0" loading="lazy"></iframe>`;

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // an address that was mangled names no project, and the server says so
  }
}
