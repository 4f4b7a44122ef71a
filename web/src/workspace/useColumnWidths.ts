/** How wide the columns of the run table are: as they start, or as a person has made them. */

import { type PointerEvent, useCallback, useMemo } from "react";
import { useDraft } from "../parts/useDraft";
import type { TableColumn } from "./tableColumns";
import { LEAST_WIDTH, MOST_WIDTH, type TableState } from "./tableState";

export type ColumnWidths = {
  widthOf: (id: string) => number;
  total: number;
  setWidth: (id: string, width: number) => void;
  /** The grip of a column was pressed: its width follows the pointer until that is let go. */
  startDrag: (id: string, event: PointerEvent<HTMLElement>) => void;
};

/** Ticks, eyes and signs alone have the width that they have. */
export const canResize = ({ kind, width }: TableColumn): boolean => kind !== "tick" && kind !== "eye" && width > LEAST_WIDTH;

/** Widths follow the pointer at once, and stand in the view when it rests. */
export function useColumnWidths(definitions: readonly TableColumn[], widths: TableState["widths"], onWidths: (widths: TableState["widths"]) => void): ColumnWidths {
  const [draft, setDraft] = useDraft(widths, onWidths, 300);
  const starting = useMemo(() => new Map(definitions.map(({ id, width }) => [id, width])), [definitions]);
  const widthOf = useCallback((id: string) => draft[id] ?? starting.get(id) ?? LEAST_WIDTH, [draft, starting]);
  const setWidth = (id: string, width: number) => { setDraft({ ...draft, [id]: Math.round(Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, width))) }); };
  const startDrag = (id: string, { currentTarget: grip, pointerId, clientX }: PointerEvent<HTMLElement>) => {
    const before = widthOf(id);
    const ended = new AbortController();
    const onMove = (event: globalThis.PointerEvent) => { setWidth(id, before + event.clientX - clientX); };
    const onEnd = () => { ended.abort(); };
    grip.setPointerCapture(pointerId);
    grip.addEventListener("pointermove", onMove, { signal: ended.signal });
    for (const end of ["pointerup", "pointercancel"] as const) grip.addEventListener(end, onEnd, { signal: ended.signal });
  };
  return { widthOf, total: definitions.reduce((sum, { id }) => sum + widthOf(id), 0), setWidth, startDrag };
}
