/**
 * The menu of a column: everything that dragging does too, and what the column can be made to show. It is a chunk of its
 * own, fetched when the table stands.
 */

import { goalEntries } from "../chooseGoal";
import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import { useRights } from "../rights";
import { type Goals, metricOf } from "./columns";
import type { TableColumn } from "./tableColumns";
import { type TableState, moved, switched } from "./tableState";
import type { Change } from "./useView";
import type { View } from "./view";

type Shown = TableColumn & { kind: "value" | "fact" | "curve" };

type Given = {
  project: string;
  view: View;
  change: Change;
  changeTable: (table: Partial<TableState>) => void;
  columns: readonly string[];
  names: ReadonlySet<string>;
  goals: Goals;
  fit: (id: string) => void;
  sort: (key: string, isMore: boolean) => void;
  onFilter: () => void;
};

export function ColumnMenu({ definition, ...given }: Given & { definition: Shown }) {
  const reason = useRights(given.project)("editor");
  return (
    <Menu label={`Column ${definition.label}`} look="icon" entries={columnEntries(definition, given, reason)}>
      <Icon name="down" size={12} />
    </Menu>
  );
}

function columnEntries(definition: Shown, given: Given, reason: string | undefined): MenuEntry[] {
  const { view, change, changeTable, columns, fit, sort, onFilter } = given;
  const { id, sortKey, column } = definition;
  const at = columns.indexOf(id);
  const put = (next: string[]) => { change((now) => ({ ...now, columns: next })); };
  return [
    ...(sortKey === null
      ? []
      : ([
          { kind: "do", label: "Sort upwards", onSelect: () => { change((now) => ({ ...now, sort: [{ key: sortKey, is_descending: false }] })); } },
          { kind: "do", label: "Sort downwards", onSelect: () => { change((now) => ({ ...now, sort: [{ key: sortKey, is_descending: true }] })); } },
          { kind: "do", label: "Sort by it too", hint: "Shift", onSelect: () => { sort(sortKey, true); } },
        ] satisfies MenuEntry[])),
    ...(column.kind === "curve" ? [] : ([{ kind: "do", label: "Filter…", onSelect: onFilter }, { kind: "line" }] satisfies MenuEntry[])),
    { kind: "do", label: definition.isPinned ? "Unpin" : "Pin left", onSelect: () => { changeTable({ pinned: switched(view.table.pinned, id) }); } },
    ...(at > 0 ? [{ kind: "do" as const, label: "Move left", onSelect: () => { put(moved(columns, id, -1)); } }] : []),
    ...(at < columns.length - 1 ? [{ kind: "do" as const, label: "Move right", onSelect: () => { put(moved(columns, id, 1)); } }] : []),
    { kind: "do", label: "Fit the width", onSelect: () => { fit(id); } },
    { kind: "do", label: "Take out of the table", onSelect: () => { put(columns.filter((key) => key !== id)); } },
    ...metricEntries(definition, given, reason),
  ];
}

function metricEntries({ id, column }: Shown, { project, view, names, goals, changeTable }: Given, reason: string | undefined): MenuEntry[] {
  const metric = metricOf(column, names);
  if (metric === null) return [];
  return [
    { kind: "line" },
    { kind: "do", label: view.table.heat.includes(id) ? "Without shading" : "Shade by value", onSelect: () => { changeTable({ heat: switched(view.table.heat, id) }); } },
    ...goalEntries(project, metric.name, goals.get(metric.name) ?? null, reason),
  ];
}
