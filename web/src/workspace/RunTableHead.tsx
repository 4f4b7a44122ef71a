/** The head of the run table: sorting by a click, all else of a column in its menu, and which runs the charts show. */

import { Suspense, lazy, useState } from "react";
import type { Keys } from "../api";
import styles from "./RunTable.module.css";
import { ShownMenu } from "./ShownMenu";
import { type Goals, sortedBy } from "./columns";
import { fittingWidth } from "./fittingWidth";
import type { RunList } from "./runs";
import type { TableColumn } from "./tableColumns";
import { type TableState, movedTo } from "./tableState";
import { type ColumnWidths, canResize } from "./useColumnWidths";
import type { Change } from "./useView";
import { type Shown, type View, isDefaultSort, nextSort } from "./view";

const ColumnMenu = lazy(() => import("./ColumnMenu").then((module) => ({ default: module.ColumnMenu })));
const ColumnFilter = lazy(() => import("./ColumnFilter").then((module) => ({ default: module.ColumnFilter })));

type Props = {
  project: string;
  keys: Keys | undefined;
  sizes: ColumnWidths;
  definitions: readonly TableColumn[];
  lefts: ReadonlyMap<string, number>;
  names: ReadonlySet<string>;
  goals: Goals;
  view: View;
  change: Change;
  changeTable: (table: Partial<TableState>) => void;
  getGrid: () => HTMLElement | null;
  columns: readonly string[];
  runs: RunList;
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
  onShown: (shown: Shown) => void;
};

/** What is dragged, by its column's key; the browser tells it to nobody before it is dropped. */
const DRAGGED = "application/x-run-column";

export function RunTableHead(props: Props) {
  const { sizes, definitions, lefts, view, change, columns, runs, selected, getGrid, onSelect, onShown } = props;
  const [filtered, setFiltered] = useState<string | null>(null);
  const isAll = runs.rows.length > 0 && runs.rows.every(({ id }) => selected.has(id));
  const fit = (id: string) => {
    const grid = getGrid();
    if (grid !== null) sizes.setWidth(id, fittingWidth(grid, id));
  };
  const sort = (key: string, isMore: boolean) => {
    change((now) => ({ ...now, sort: isMore ? orNewest(sortedBy(now.sort, key, isDefaultSort(now.sort))) : nextSort(now.sort, key) }));
  };
  return (
    <div className={styles["head"]} role="rowgroup">
      <div role="row" aria-rowindex={1} className={styles["row"]}>
        {definitions.map((column) => {
          const { sortKey } = column;
          const place = view.sort.findIndex(({ key }) => key === sortKey);
          const sorted = view.sort[place];
          const left = lefts.get(column.id);
          const isOwn = "column" in column;
          return (
            <div
              key={column.id}
              role="columnheader"
              className={styles["headCell"]}
              data-kind={column.kind}
              data-column={column.id}
              data-pinned={left !== undefined}
              aria-label={column.label}
              aria-sort={sortKey === null ? undefined : sorted === undefined ? "none" : sorted.is_descending === true ? "descending" : "ascending"}
              style={{ width: sizes.widthOf(column.id), left }}
              onDragOver={(event) => { if (isOwn && event.dataTransfer.types.includes(DRAGGED)) event.preventDefault(); }}
              onDrop={(event) => {
                const key = event.dataTransfer.getData(DRAGGED);
                event.preventDefault();
                if (key !== "" && isOwn) change((now) => ({ ...now, columns: movedTo(columns, key, column.id) }));
              }}
            >
              {column.kind === "tick" && <input type="checkbox" aria-label="Select all fetched runs" checked={isAll} onChange={() => { onSelect(isAll ? new Set() : new Set(runs.rows.map(({ id }) => id))); }} />}
              {column.kind === "eye" && <ShownMenu {...{ runs, selected, onShown }} />}
              {column.kind !== "tick" && column.kind !== "eye" && (
                <SortButton
                  column={column}
                  sorted={sorted}
                  place={view.sort.length > 1 ? place + 1 : null}
                  isDraggable={isOwn}
                  onSort={(isMore) => { if (sortKey !== null) sort(sortKey, isMore); }}
                />
              )}
              {isOwn && (
                <span className={styles["columnMenu"]}>
                  <Suspense>
                    <ColumnMenu {...props} {...{ fit, sort }} definition={column} onFilter={() => { setFiltered(column.id); }} />
                  </Suspense>
                </span>
              )}
              {canResize(column) && (
                <span className={styles["grip"]} onPointerDown={(event) => { sizes.startDrag(column.id, event); }} onDoubleClick={() => { fit(column.id); }} title="Drag for the width, double click fits it" aria-hidden="true" />
              )}
            </div>
          );
        })}
      </div>
      {filtered !== null && (
        <Suspense>
          <ColumnFilter {...props} columnKey={filtered} onClose={() => { setFiltered(null); }} />
        </Suspense>
      )}
    </div>
  );
}

const orNewest = (sort: View["sort"]): View["sort"] => (sort.length === 0 ? [{ key: "created", is_descending: true }] : sort);

/** What is read out when the order changes. */
export function sortWords({ sort }: View, definitions: readonly TableColumn[]): string {
  const labels = new Map(definitions.map(({ sortKey, label }) => [sortKey, label]));
  const words = sort.map(({ key, is_descending }) => `${labels.get(key) ?? key.replace(/^(config|metrics)\./, "")}, ${is_descending === true ? "descending" : "ascending"}`);
  return `Sorted by ${words.join(", then ")}`;
}

type SortProps = { column: TableColumn; sorted: { is_descending?: boolean } | undefined; place: number | null; isDraggable: boolean; onSort: (isMore: boolean) => void };

function SortButton({ column, sorted, place, isDraggable, onSort }: SortProps) {
  const label = (
    <span className={`clip ${styles["tail"] ?? ""}`}>
      <bdi dir="ltr">{column.id === "state" ? "" : column.label}</bdi>
    </span>
  );
  const drag = { draggable: isDraggable, onDragStart: (event: React.DragEvent) => { event.dataTransfer.setData(DRAGGED, column.id); event.dataTransfer.effectAllowed = "move"; } };
  if (column.sortKey === null) return <span className={styles["sort"]} {...drag}>{label}</span>;
  return (
    <button type="button" data-look="plain" className={styles["sort"]} title={`Sort by ${column.label}; with Shift, sort by it too`} aria-label={`Sort by ${column.label}`} onClick={(event) => { onSort(event.shiftKey); }} {...drag}>
      {label}
      {sorted !== undefined && <span aria-hidden="true">{sorted.is_descending === true ? "↓" : "↑"}{place}</span>}
    </button>
  );
}
