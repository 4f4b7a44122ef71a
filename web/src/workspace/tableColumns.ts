/** The columns of the run table in their order, with the width that each starts with. Pure. */

import { type Column, columnOf } from "./columns";

export type TableColumn =
  | { kind: "tick" | "eye" | "status" | "created" | "duration" | "tags" | "user" | "number"; id: string; label: string; sortKey: string | null; width: number; canResize: boolean }
  | { kind: "name"; id: "name"; label: "Name"; sortKey: "name"; width: number; canResize: true }
  | { kind: "value"; id: string; label: string; sortKey: string; width: number; canResize: true; column: Column };

/** Beside charts there is room for so many columns; who chooses more scrolls sideways. */
const NARROW_COLUMNS = 2;

/** `isChosen` says that a person picked the keys: then all of them are shown. */
export function tableColumns(keys: readonly string[], { isWide, isChosen }: { isWide: boolean; isChosen: boolean }): TableColumn[] {
  const values = (isWide || isChosen ? keys : keys.slice(0, NARROW_COLUMNS)).map((key): TableColumn => {
    const column = columnOf(key);
    return { kind: "value", id: key, label: column.label, sortKey: key, width: isWide ? 120 : 84, canResize: true, column };
  });
  const tick: TableColumn = { kind: "tick", id: "tick", label: "Select", sortKey: null, width: 28, canResize: false };
  const eye: TableColumn = { kind: "eye", id: "eye", label: "Shown in charts", sortKey: null, width: 28, canResize: false };
  const name: TableColumn = { kind: "name", id: "name", label: "Name", sortKey: "name", width: isWide ? 240 : 152, canResize: true };
  const status: TableColumn = { kind: "status", id: isWide ? "status" : "state", label: isWide ? "Status" : "", sortKey: "status", width: isWide ? 96 : 24, canResize: false };
  if (!isWide) return [tick, eye, name, status, ...values];
  return [
    tick,
    eye,
    name,
    status,
    { kind: "created", id: "created", label: "Created", sortKey: "created", width: 100, canResize: true },
    { kind: "duration", id: "duration", label: "Duration", sortKey: "duration", width: 110, canResize: true },
    ...values,
    { kind: "tags", id: "tags", label: "Tags", sortKey: null, width: 160, canResize: true },
    { kind: "user", id: "user", label: "User", sortKey: null, width: 90, canResize: true },
  ];
}
