/** The columns of the run table in their order, with the width that each starts with. Pure. */

import { type Column, type Goals, columnOf, sortKeyOf } from "./columns";
import { own } from "../own";

type Common = { id: string; label: string; sortKey: string | null; width: number; isPinned: boolean };

/** `value` and `fact` show what `column` says; they alone can be moved, pinned and taken away. */
export type TableColumn = Common & ({ kind: "tick" | "eye" | "name" | "status" } | { kind: "value" | "fact" | "curve"; column: Column });

/** Beside charts there is room for so many columns; who chooses more scrolls sideways. */
const NARROW_COLUMNS = 2;

type Layout = { isWide: boolean; isChosen: boolean; isLabelled: boolean; pinned: readonly string[]; names: ReadonlySet<string>; goals: Goals };

/** `isChosen` says that a person picked the keys: then all of them are shown; `isLabelled` that labels stand beside names. */
export function tableColumns(keys: readonly string[], { isWide, isChosen, isLabelled, pinned, names, goals }: Layout): TableColumn[] {
  const shown = isWide || isChosen ? keys : keys.slice(0, NARROW_COLUMNS);
  const values = shown.map((key): TableColumn => {
    const column = columnOf(key);
    const kind = column.kind === "fact" || column.kind === "curve" ? column.kind : "value";
    return { kind, id: key, label: column.label, sortKey: sortKeyOf(column, names, goals), width: widthOf(column, isWide), isPinned: pinned.includes(key), column };
  });
  const fixed = { isPinned: false, sortKey: null };
  return [
    { ...fixed, kind: "tick", id: "tick", label: "Select", width: 28 },
    { ...fixed, kind: "eye", id: "eye", label: "Shown in charts", width: 28 },
    { kind: "name", id: "name", label: "Name", sortKey: "name", width: (isWide ? 240 : 152) + (isLabelled ? LABEL_WIDTH : 0), isPinned: true },
    ...values.filter(({ isPinned }) => isPinned),
    { ...fixed, kind: "status", id: isWide ? "status" : "state", label: "Status", sortKey: "status", width: isWide ? 96 : 24 },
    ...values.filter(({ isPinned }) => !isPinned),
  ];
}

const LABEL_WIDTH = 84;
const FACT_WIDTHS: Readonly<Record<string, number>> = { created: 100, duration: 110, tags: 160, notes: 200, number: 76 };

function widthOf({ kind, key }: Column, isWide: boolean): number {
  if (kind === "fact") return own(FACT_WIDTHS, key) ?? 110;
  return isWide ? 120 : 84;
}

/** How far from the left each pinned column stays, by its id. */
export function pinnedAt(columns: readonly TableColumn[], widthOf: (id: string) => number): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  let left = 0;
  for (const { id, isPinned } of columns) {
    if (!isPinned) continue;
    places.set(id, left);
    left += widthOf(id);
  }
  return places;
}
