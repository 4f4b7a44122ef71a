/**
 * Everything about a workspace that is worth showing to a colleague, and its short form in the address. Pure.
 *
 * Defaults are left out of the address, so that a fresh one is short and a better default reaches everybody.
 */

import { type Search, joinList, readChoice, readNumber, splitList } from "../address";
import type { RunSearch, SortKey, Status } from "../api";
import { type Arrangement, readArrangement, writeArrangement } from "../charts/arrangement";
import { type ChartSettings, readCharts, writeCharts } from "../charts/settings";
import { type PanelTexts, readPanelTexts, writePanelTexts } from "../panels/inView";
import { type Grouping, readGrouping, writeGrouping } from "./grouping";
import { type Labels, readLabels, writeLabels } from "./labels";
import { type TableState, readTable, writeTable } from "./tableState";

/** Which runs the charts show: the first `count` by some order, with some more and some less, by hand. */
export type Shown = { base: "newest" | "first" | "none"; count: number; plus: string[]; minus: string[] };

/** Whether runs that were archived are among those of the list. */
export type Archived = NonNullable<RunSearch["archived"]>;

/** What fills the page: runs beside charts, the runs alone, or runs beside one chart of all of them. */
export const MODES = ["runs", "table", "scatter", "parallel"] as const;
export type Mode = (typeof MODES)[number];

export type View = {
  mode: Mode;
  text: string;
  /** In the filter language; without words where there are some. */
  filter: string;
  status: Status[];
  archived: Archived;
  sort: SortKey[];
  columns: string[] | null;
  table: TableState;
  shown: Shown;
  charts: ChartSettings;
  arrangement: Arrangement;
  panels: PanelTexts;
  grouping: Grouping;
  labels: Labels;
};

export const STATUSES: readonly Status[] = ["running", "finished", "failed", "stopped", "lost"];
export const NEWEST_FIRST: SortKey = { key: "created", is_descending: true };
/** A chart draws a hundred runs, more of them enlarged. */
const MOST_SHOWN = 1000;
export const SHOWN_AT_FIRST: Shown = { base: "newest", count: 10, plus: [], minus: [] };

export function readView(search: Search): View {
  return {
    mode: readChoice(search["view"], MODES, "runs"),
    text: isFiltered(search) ? "" : (search["q"] ?? ""),
    filter: isFiltered(search) ? (search["filter"] ?? "") : "",
    status: splitList(search["status"]).filter((one): one is Status => STATUSES.some((known) => known === one)),
    archived: readChoice(search["archived"], ["without", "with", "only"] as const, "without"),
    sort: search["sort"] === undefined ? [NEWEST_FIRST] : splitList(search["sort"]).map(readSort),
    columns: search["columns"] === undefined ? null : search["columns"] === "none" ? [] : splitList(search["columns"]),
    table: readTable(search),
    shown: readShown(search),
    charts: readCharts(search),
    arrangement: readArrangement(search),
    panels: readPanelTexts(search),
    grouping: readGrouping(search),
    labels: readLabels(search),
  };
}

const isFiltered = (search: Search) => (search["filter"] ?? "").trim() !== "";

export function writeView(view: View): Search {
  return {
    view: view.mode === "runs" ? undefined : view.mode,
    q: view.text === "" ? undefined : view.text,
    filter: view.filter === "" ? undefined : view.filter,
    status: joinList(view.status),
    archived: view.archived === "without" ? undefined : view.archived,
    sort: isDefaultSort(view.sort) ? undefined : joinList(view.sort.map(writeSort)),
    columns: view.columns === null ? undefined : (joinList(view.columns) ?? "none"),
    ...writeTable(view.table),
    ...writeShown(view.shown),
    ...writeCharts(view.charts),
    ...writeArrangement(view.arrangement),
    ...writePanelTexts(view.panels),
    ...writeGrouping(view.grouping),
    ...writeLabels(view.labels),
  };
}

const readSort = (text: string): SortKey => (text.startsWith("-") ? { key: text.slice(1), is_descending: true } : { key: text, is_descending: false });
const writeSort = ({ key, is_descending }: SortKey) => (is_descending === true ? `-${key}` : key);

export const isDefaultSort = (sort: readonly SortKey[]) => sort.length === 1 && sort[0]?.key === NEWEST_FIRST.key && sort[0].is_descending === true;

/** A header that is clicked sorts by it: downwards first, then upwards, then as before. */
export function nextSort(sort: readonly SortKey[], key: string): SortKey[] {
  const current = sort.find((one) => one.key === key);
  if (current === undefined || sort.length > 1) return [{ key, is_descending: true }];
  return current.is_descending === true ? [{ key, is_descending: false }] : key === NEWEST_FIRST.key ? [{ key, is_descending: true }] : [NEWEST_FIRST];
}

function readShown(search: Search): Shown {
  const [base, count] = (search["show"] ?? "").split(":");
  return {
    base: readChoice(base, ["newest", "first", "none"] as const, SHOWN_AT_FIRST.base),
    count: Math.round(readNumber(count, SHOWN_AT_FIRST.count, 1, MOST_SHOWN)),
    plus: splitList(search["plus"]),
    minus: splitList(search["minus"]),
  };
}

function writeShown({ base, count, plus, minus }: Shown): Search {
  const isDefault = base === SHOWN_AT_FIRST.base && count === SHOWN_AT_FIRST.count;
  return {
    show: isDefault ? undefined : base === "none" ? "none" : `${base}:${String(count)}`,
    plus: joinList(plus),
    minus: joinList(minus),
  };
}

/** The ids that the charts show, in the order of the list. `newest` and `listed` are ids in their orders. */
export function shownIds(shown: Shown, newest: readonly string[], listed: readonly string[]): string[] {
  const base = shown.base === "none" ? [] : (shown.base === "newest" ? newest : listed).slice(0, shown.count);
  const ids = base.filter((id) => !shown.minus.includes(id));
  return [...ids, ...shown.plus.filter((id) => !ids.includes(id))];
}

/** The eye of one run, given what is visible now. */
export function toggled(shown: Shown, id: string, isVisible: boolean): Shown {
  if (isVisible) {
    const plus = shown.plus.filter((one) => one !== id);
    return { ...shown, plus, minus: shown.base === "none" ? [] : [...shown.minus.filter((one) => one !== id), id] };
  }
  if (shown.minus.includes(id)) return { ...shown, minus: shown.minus.filter((one) => one !== id) };
  return { ...shown, plus: [...shown.plus, id] };
}
