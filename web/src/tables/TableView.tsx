/** A table of any length: sorted by its heads, filtered, put into groups, copied; rows come as one scrolls to them. */

import { useState } from "react";
import { ApiError, type TableColumn, type TablePage } from "../api";
import { formatCount, plural } from "../format";
import { copyText } from "../parts/clipboard";
import { Menu } from "../parts/Menu";
import { Failure, Outline } from "../parts/Note";
import { useDraft } from "../parts/useDraft";
import { useHandler } from "../parts/useHandler";
import { CellDialog, cellOf, widthOf } from "./Cell";
import { type GridColumn, RowGrid } from "./RowGrid";
import { csvOf } from "./cells";
import type { TableSource } from "./source";
import { PLAIN, type TableState, queryOf, turned } from "./state";
import styles from "./tables.module.css";
import { usePages } from "./usePages";

type Props = {
  source: TableSource;
  label?: string;
  /** Where the page keeps what is chosen, in its address say; else it is forgotten with the table. */
  state?: TableState;
  onState?: (state: TableState) => void;
  height?: number;
};

/** More columns than these are chosen by an address or a filter. */
const MOST_LISTED = 300;
const MOST_COPIED = 10_000;
const COPIED_AT_ONCE = 500;

export function TableView({ source, label = "Table", state: given, onState, height = 480 }: Props) {
  const [own, setOwn] = useState(PLAIN);
  const state = given ?? own;
  // a text that one types is told after a pause: by then something else may have been chosen
  const change = useHandler((part: Partial<TableState>) => { (onState ?? setOwn)({ ...state, ...part }); });
  const [opened, setOpened] = useState<{ row: number; column: number } | null>(null);
  // its columns are known by the table itself, which is small to ask for and kept
  const whole = usePages<TablePage, unknown[]>([source.key, "columns"], (_offset, _limit, asking) => source.post({ limit: 1 }, asking), ({ rows }) => rows, state.by !== "");
  const available = whole.head?.available ?? [];
  const query = queryOf(state, available);
  const isReady = state.by === "" || whole.head !== undefined;
  const pages = usePages<TablePage, unknown[]>([source.key, query], (offset, limit, asking) => source.post({ ...query, offset, limit }, asking), ({ rows }) => rows, isReady);
  const page = pages.head;
  const filterError = pages.error instanceof ApiError && pages.error.code === "bad_filter" ? pages.error : null;
  const error = filterError === null ? (pages.error ?? whole.error) : null;
  if (error !== null && page === undefined) return <Failure what="This table cannot be shown." error={error} onRetry={pages.retry} />;
  if (page === undefined && filterError === null) return <Outline lines={6} label="Loading the table" />;
  const columns = page?.columns ?? [];
  const count = page?.match_count ?? 0;
  const cellsAt = (row: number) => pages.rowAt(row)?.map((value, index) => cellOf(value, columns[index]?.type ?? "text")) ?? null;
  const openedColumn = opened === null ? undefined : columns[opened.column];
  return (
    <section className={styles["view"]} aria-label={label}>
      <Tools {...{ source, state, change, query, filterError, count }} available={page?.available ?? available} names={columns.map(({ name }) => name)} />
      {error !== null && <Failure what="These rows could not be read." error={error} onRetry={pages.retry} />}
      {page?.notes.map((note) => <p key={note} className="muted small">{note}</p>)}
      <RowGrid
        label={label}
        columns={columns.map((column) => headOf(column, state.sort, (sort) => { change({ sort }); }))}
        count={count}
        cellsAt={cellsAt}
        onRange={pages.onRange}
        onOpen={(row, column) => { setOpened({ row, column }); }}
        isBusy={pages.isFetching}
        isTall={columns.some(({ type }) => type === "media")}
        height={height}
        of={JSON.stringify([source.key, query])}
      />
      {page !== undefined && (
        <p className="muted small" role="status">
          {state.by !== "" ? plural(count, "group") : count === page.row_count ? plural(count, "row") : `${formatCount(count)} of ${plural(page.row_count, "row")}`}
          {page.is_cut && "; the file has more, which is not read"}
          {page.available.length > columns.length && state.by === "" && `; ${formatCount(columns.length)} of ${plural(page.available.length, "column")}`}
        </p>
      )}
      {opened !== null && openedColumn !== undefined && (
        <CellDialog title={`${openedColumn.name}, row ${formatCount(opened.row + 1)}`} value={pages.rowAt(opened.row)?.[opened.column]} onClose={() => { setOpened(null); }} />
      )}
    </section>
  );
}

function headOf(column: TableColumn, sort: TableState["sort"], onSort: (sort: TableState["sort"]) => void): GridColumn {
  const isSorted = sort?.column === column.name;
  const direction = isSorted ? (sort.descending ? "descending" : "ascending") : "none";
  return {
    id: column.name,
    width: widthOf(column.type),
    isNumber: column.type === "number",
    sort: direction,
    head: (
      <button type="button" data-look="plain" title={`Sort by ${column.name}`} onClick={() => { onSort(turned(sort, column.name)); }}>
        <bdi>{column.name}</bdi>
        {isSorted && <span aria-hidden="true">{sort.descending ? " ↓" : " ↑"}</span>}
      </button>
    ),
  };
}

type ToolsProps = {
  source: TableSource;
  state: TableState;
  change: (part: Partial<TableState>) => void;
  query: ReturnType<typeof queryOf>;
  filterError: ApiError | null;
  count: number;
  available: readonly TableColumn[];
  names: readonly string[];
};

function Tools({ source, state, change, query, filterError, count, available, names }: ToolsProps) {
  const [draft, setDraft] = useDraft(state.filter, (filter) => { change({ filter }); }, 250);
  const [said, setSaid] = useState("");
  const chosen = state.columns ?? available.slice(0, 100).map(({ name }) => name);
  const toggle = (name: string) => {
    const kept = available.map((column) => column.name).filter((other) => (other === name ? !chosen.includes(name) : chosen.includes(other)));
    if (kept.length > 0) change({ columns: kept });
  };
  const copy = async () => {
    setSaid("Copying…");
    try {
      const most = Math.min(count, MOST_COPIED);
      const rows: unknown[][] = [];
      while (rows.length < most) {
        const page = await source.post({ ...query, offset: rows.length, limit: Math.min(COPIED_AT_ONCE, most - rows.length) });
        if (page.rows.length === 0) break;
        rows.push(...page.rows);
      }
      await copyText(csvOf(names, rows));
      setSaid(`Copied ${plural(rows.length, "row")}${most < count ? `, the first of ${formatCount(count)}` : ""}`);
    } catch (error) {
      setSaid(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <div className={styles["tools"]}>
      <input
        type="text"
        aria-label="Filter rows"
        className={styles["filter"]}
        placeholder={'loss > 0.5 and label == "cat"'}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-invalid={filterError !== null}
        value={draft}
        onChange={(event) => { setDraft(event.target.value); }}
      />
      <label>
        Group by{" "}
        <select value={state.by} onChange={(event) => { change({ by: event.target.value, sort: null }); }}>
          <option value="">nothing</option>
          {available.filter(({ type }) => type !== "media").slice(0, MOST_LISTED).map(({ name }) => <option key={name} value={name}>{name}</option>)}
        </select>
      </label>
      <Menu label="Columns" entries={available.slice(0, MOST_LISTED).map(({ name }) => ({ kind: "choice" as const, label: name, isChosen: chosen.includes(name), onSelect: () => { toggle(name); } }))}>
        Columns
      </Menu>
      <button type="button" onClick={() => void copy()}>Copy as CSV</button>
      <span role="status" className="muted small">{said}</span>
      {filterError !== null && <FilterError error={filterError} filter={state.filter} />}
    </div>
  );
}

/** Where in the filter the mistake stands, as far as one is told. */
function FilterError({ error, filter }: { error: ApiError; filter: string }) {
  return (
    <div role="alert" className={styles["error"]}>
      {error.message}
      {error.position !== null && <pre aria-hidden="true">{`${filter}\n${" ".repeat(Math.max(0, error.position - 1))}^`}</pre>}
    </div>
  );
}
