/** The head of the run table: sorting by a click, widths by dragging, and which runs the charts show. */

import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import styles from "./RunTable.module.css";
import type { RunList } from "./runs";
import { type TableColumn, tableColumns } from "./tableColumns";
import type { SizedTable } from "./useSizedTable";
import type { Change } from "./useView";
import { SHOWN_AT_FIRST, type Shown, type View, nextSort } from "./view";

type Props = {
  table: SizedTable;
  view: View;
  change: Change;
  columns: readonly string[];
  runs: RunList;
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
  onShown: (shown: Shown) => void;
};

export function RunTableHead({ table, view, change, columns, runs, selected, onSelect, onShown }: Props) {
  const definitions = new Map(tableColumns(columns, { isWide: view.mode === "table", isChosen: view.columns !== null }).map((column) => [column.id, column]));
  const isAll = runs.rows.length > 0 && runs.rows.every(({ id }) => selected.has(id));
  return (
    <div className={styles["head"]} role="rowgroup">
      <div role="row" aria-rowindex={1} className={styles["row"]}>
        {table.getHeaderGroups()[0]?.headers.map((header) => {
          const column = definitions.get(header.id);
          if (column === undefined) return null;
          const sorted = view.sort.find(({ key }) => key === column.sortKey);
          return (
            <div
              key={header.id}
              role="columnheader"
              className={styles["headCell"]}
              data-kind={column.kind}
              aria-label={column.kind === "tick" || column.kind === "eye" ? column.label : undefined}
              aria-sort={column.sortKey === null ? undefined : sorted === undefined ? "none" : sorted.is_descending === true ? "descending" : "ascending"}
              style={{ width: header.getSize() }}
            >
              {column.kind === "tick" && <input type="checkbox" aria-label="Select all fetched runs" checked={isAll} onChange={() => { onSelect(isAll ? new Set() : new Set(runs.rows.map(({ id }) => id))); }} />}
              {column.kind === "eye" && <ShownMenu selected={selected} onShown={onShown} />}
              {column.sortKey !== null && <SortButton column={column} sortKey={column.sortKey} sorted={sorted} onSort={() => { const { sortKey } = column; if (sortKey !== null) change((now) => ({ ...now, sort: nextSort(now.sort, sortKey) })); }} />}
              {column.sortKey === null && column.kind !== "tick" && column.kind !== "eye" && <span className="clip">{column.label}</span>}
              {column.canResize && <span className={styles["grip"]} onMouseDown={header.getResizeHandler()} onTouchStart={header.getResizeHandler()} aria-hidden="true" />}
            </div>
          );
        })}
      </div>
    </div>
  );
}

type SortProps = { column: TableColumn; sortKey: string; sorted: { is_descending?: boolean } | undefined; onSort: () => void };

function SortButton({ column, sorted, onSort }: SortProps) {
  const name = column.label === "" ? "Status" : column.label;
  return (
    <button type="button" data-look="plain" className={styles["sort"]} title={`Sort by ${name}`} aria-label={`Sort by ${name}`} onClick={onSort}>
      <span className={`clip ${styles["tail"] ?? ""}`}>
        <bdi dir="ltr">{column.label}</bdi>
      </span>
      {sorted !== undefined && <span aria-hidden="true">{sorted.is_descending === true ? "↓" : "↑"}</span>}
    </button>
  );
}

function ShownMenu({ selected, onShown }: { selected: ReadonlySet<string>; onShown: (shown: Shown) => void }) {
  const only = (base: Shown["base"], count: number, plus: string[] = []) => () => { onShown({ base, count, plus, minus: [] }); };
  const entries: MenuEntry[] = [
    { kind: "heading", label: "Show in the charts" },
    { kind: "do", label: "Newest 10", onSelect: only("newest", SHOWN_AT_FIRST.count) },
    { kind: "do", label: "Newest 25", onSelect: only("newest", 25) },
    { kind: "do", label: "First 10 of this sort", onSelect: only("first", 10) },
    { kind: "do", label: "First 25 of this sort", onSelect: only("first", 25) },
    { kind: "do", label: "First 100 of this sort", onSelect: only("first", 100) },
    ...(selected.size > 0 ? [{ kind: "do" as const, label: `Selected (${String(selected.size)})`, onSelect: only("none", 10, [...selected]) }] : []),
    { kind: "do", label: "None", onSelect: only("none", 10) },
  ];
  return (
    <Menu label="Which runs the charts show" look="icon" entries={entries}>
      <Icon name="eye" size={14} />
    </Menu>
  );
}
