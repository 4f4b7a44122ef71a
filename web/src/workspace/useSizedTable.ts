/** The columns of the run table with the widths that a person has given them. */

import { columnResizingFeature, columnSizingFeature, tableFeatures, useTable } from "@tanstack/react-table";
import { useMemo } from "react";
import { columnWidths } from "../settings";
import type { TableColumn } from "./tableColumns";

const features = tableFeatures({ columnSizingFeature, columnResizingFeature });

/** Widths are remembered by column, whichever project it is in. */
export function useSizedTable(definitions: TableColumn[]) {
  const widths = columnWidths.use();
  const columns = useMemo(() => definitions.map(({ id, width, canResize }) => ({ id, accessorFn: () => id, size: width, minSize: Math.min(width, 48), enableResizing: canResize })), [definitions]);
  return useTable({
    features,
    columns,
    data: NO_ROWS,
    columnResizeMode: "onChange",
    state: { columnSizing: widths },
    onColumnSizingChange: (update) => { columnWidths.set(typeof update === "function" ? update(columnWidths.get()) : update); },
  });
}

const NO_ROWS: object[] = [];

export type SizedTable = ReturnType<typeof useSizedTable>;
