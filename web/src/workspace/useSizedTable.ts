/** The columns of the run table with the widths that a person has given them. */

import { columnResizingFeature, columnSizingFeature, tableFeatures, useTable } from "@tanstack/react-table";
import { useMemo } from "react";
import { useDraft } from "../parts/useDraft";
import type { TableColumn } from "./tableColumns";
import { LEAST_WIDTH, MOST_WIDTH, type TableState } from "./tableState";

const features = tableFeatures({ columnSizingFeature, columnResizingFeature });

/** Widths follow the pointer at once, and stand in the view when it rests. */
export function useSizedTable(definitions: readonly TableColumn[], widths: TableState["widths"], onWidths: (widths: TableState["widths"]) => void) {
  const [draft, setDraft] = useDraft(widths, onWidths, 300);
  const columns = useMemo(
    () => definitions.map(({ id, width, kind }) => ({ id, accessorFn: () => id, size: width, minSize: Math.min(width, LEAST_WIDTH), maxSize: MOST_WIDTH, enableResizing: kind !== "tick" && kind !== "eye" && width > LEAST_WIDTH })),
    [definitions],
  );
  const table = useTable({
    features,
    columns,
    data: NO_ROWS,
    columnResizeMode: "onChange",
    state: { columnSizing: draft },
    onColumnSizingChange: (update) => { setDraft(typeof update === "function" ? update({ ...draft }) : update); },
  });
  return { table, setWidth: (id: string, width: number) => { setDraft({ ...draft, [id]: Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, width)) }); } };
}

const NO_ROWS: object[] = [];

export type SizedTable = ReturnType<typeof useSizedTable>["table"];
