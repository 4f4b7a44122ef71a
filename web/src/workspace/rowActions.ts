/**
 * What a pointer does to the rows of the run table, heard once for all of them: an element of a row says by `data-do` what
 * it is for. Titles are written to what is pointed at, and taken away again: a row that scrolls has none to change.
 */

import { type FocusEvent, type MouseEvent, type PointerEvent, useRef } from "react";
import type { RunRow } from "../api";
import { spotlight } from "../charts/cursor";
import { useHandler } from "../parts/useHandler";
import type { EditedField } from "./RunTableRow";
import type { Selection } from "./selection";

type Actions = {
  rows: readonly RunRow[];
  visible: ReadonlySet<string>;
  titleOf: (row: RunRow, column: string) => string;
  onActive: (index: number) => void;
  onSelect: (index: number, how: Selection) => void;
  onToggle: (id: string, isVisible: boolean) => void;
  onEdit: (id: string, field: EditedField) => void;
  onColour: (id: string, anchor: HTMLElement) => void;
  onOpen: (id: string) => void;
  onCard: (id: string) => void;
};

const EDITED = ["name", "tags", "notes"] as const;

export function useRowActions({ rows, visible, titleOf, onActive, onSelect, onToggle, onEdit, onColour, onOpen, onCard }: Actions) {
  const titled = useRef<Element | null>(null);
  const indexAt = ({ target }: { target: EventTarget }) => (target instanceof Element ? Number(target.closest<HTMLElement>("[data-row]")?.dataset["row"] ?? NaN) : NaN);
  const untitle = useHandler(() => {
    titled.current?.removeAttribute("title");
    titled.current = null;
  });
  const onClick = useHandler((event: MouseEvent) => {
    const index = indexAt(event);
    const row = rows[index];
    if (row === undefined || !(event.target instanceof Element)) return;
    onActive(index);
    const tool = event.target.closest<HTMLElement>("[data-do]");
    const isMany = event.ctrlKey || event.metaKey;
    switch (tool?.dataset["do"]) {
      case "tick":
        onSelect(index, event.shiftKey ? "range" : "toggle");
        return;
      case "eye":
        onToggle(row.id, visible.has(row.id));
        return;
      case "hue":
        onColour(row.id, tool);
        return;
      case "edit": {
        const field = EDITED.find((one) => one === tool?.dataset["field"]);
        if (field !== undefined) onEdit(row.id, field);
        return;
      }
      case "open":
        // a click with a key is the browser's own; the second of two goes where the link leads
        if (isMany || event.shiftKey) return;
        event.preventDefault();
        if (event.detail === 1) onCard(row.id);
        else onOpen(row.id);
        return;
    }
    if (event.target.closest("input, form") !== null) return;
    if (event.shiftKey) onSelect(index, "range");
    else if (isMany) onSelect(index, "toggle");
    else onCard(row.id);
  });
  const onDoubleClick = useHandler((event: MouseEvent) => {
    const row = rows[indexAt(event)];
    if (row !== undefined && event.target instanceof Element && event.target.closest("[data-do], input, form") === null) onOpen(row.id);
  });
  const onFocus = useHandler((event: FocusEvent) => {
    const index = indexAt(event);
    if (Number.isFinite(index)) onActive(index);
  });
  const onPointerOver = useHandler((event: PointerEvent) => {
    const row = rows[indexAt(event)];
    spotlight.set(row !== undefined && visible.has(row.id) ? row.id : null);
    const cell = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-column]") : null;
    if (cell === titled.current) return;
    untitle();
    const title = row === undefined ? "" : titleOf(row, cell?.dataset["column"] ?? "");
    if (cell === null || title === "") return;
    cell.title = title;
    titled.current = cell;
  });
  const onPointerLeave = useHandler(() => {
    spotlight.set(null);
    untitle();
  });
  return { untitle, handlers: { onClick, onDoubleClick, onFocus, onPointerOver, onPointerLeave } };
}
