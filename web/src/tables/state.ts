/** What one has chosen of a table, small enough for an address. */

import type { TableColumn, TableQuery } from "../api";

/** `columns` null are those that the table begins with. `by` "" makes no groups. */
export type TableState = { sort: { column: string; descending: boolean } | null; filter: string; by: string; columns: readonly string[] | null };

export const PLAIN: TableState = { sort: null, filter: "", by: "", columns: null };

/** From up to down to as it was. */
export function turned(sort: TableState["sort"], column: string): TableState["sort"] {
  if (sort?.column !== column) return { column, descending: false };
  return sort.descending ? null : { column, descending: true };
}

/** Of how many columns of numbers the mean is told of each group. */
const MOST_MEANS = 20;

export function queryOf(state: TableState, available: readonly TableColumn[]): TableQuery {
  const means = available.filter(({ name, type }) => type === "number" && name !== state.by && (state.columns === null || state.columns.includes(name)));
  return {
    filter: state.filter,
    sort: state.sort === null ? [] : [state.sort],
    columns: state.by === "" && state.columns !== null ? [...state.columns] : null,
    group: state.by === "" ? null : { by: [state.by], values: means.slice(0, MOST_MEANS).map(({ name }) => ({ column: name, of: "mean" as const })) },
  };
}

/** As text of an address; "" for a table as it is. */
export const writeState = (state: TableState): string => (JSON.stringify(state) === JSON.stringify(PLAIN) ? "" : JSON.stringify(state));

/** An address may say anything: what is no state of a table is that of one as it is. */
export function readState(text: string | undefined): TableState {
  if (text === undefined || text === "") return PLAIN;
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== "object" || found === null) return PLAIN;
    const { sort, filter, by, columns } = found as Record<string, unknown>;
    return {
      sort: readSort(sort),
      filter: typeof filter === "string" ? filter : "",
      by: typeof by === "string" ? by : "",
      columns: Array.isArray(columns) ? columns.filter((name) => typeof name === "string").slice(0, 500) : null,
    };
  } catch {
    return PLAIN;
  }
}

function readSort(sort: unknown): TableState["sort"] {
  if (typeof sort !== "object" || sort === null) return null;
  const { column, descending } = sort as Record<string, unknown>;
  return typeof column === "string" ? { column, descending: descending === true } : null;
}
