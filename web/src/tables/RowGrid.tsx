/** A grid of any number of rows, of which those that are seen are there: by pointer and by keyboard. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useEffectEvent, useRef, useState } from "react";
import styles from "./tables.module.css";

/** `head` stands in the head of the column, `sort` says how the rows stand by it. */
export type GridColumn = { id: string; head: ReactNode; width: number; isNumber?: boolean; sort?: "ascending" | "descending" | "none" | undefined };

/** A row that has not come yet is null. */
export type GridCell = { content: ReactNode; title?: string; mark?: "worse" | "better" | "changed" | undefined };

type Props = {
  label: string;
  columns: readonly GridColumn[];
  count: number;
  cellsAt: (row: number) => readonly GridCell[] | null;
  onRange: (first: number, last: number) => void;
  onOpen?: (row: number, column: number) => void;
  isBusy: boolean;
  isTall?: boolean;
  height: number;
  /** What the rows depend on: other rows begin at the top. */
  of: string;
};

const ROW_PX = 28;
const TALL_PX = 76;
/** A browser has no element that is much higher than 30 million pixels. */
const MOST_PX = 25_000_000;

export function RowGrid({ label, columns, count, cellsAt, onRange, onOpen, isBusy, isTall = false, height, of }: Props) {
  const scroll = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState({ row: 0, column: 0 });
  const rowPx = isTall ? TALL_PX : ROW_PX;
  const shown = Math.min(count, Math.floor(MOST_PX / rowPx));
  const virtual = useVirtualizer({ count: shown, getScrollElement: () => scroll.current, estimateSize: () => rowPx, overscan: 6 });
  const first = virtual.range?.startIndex ?? 0;
  const last = Math.min(virtual.range?.endIndex ?? 0, Math.max(0, shown - 1));
  const tell = useEffectEvent(onRange);
  useEffect(() => { tell(first, last); }, [first, last]);
  useEffect(() => { virtual.measure(); }, [rowPx, virtual]);
  useEffect(() => { scroll.current?.scrollTo({ top: 0 }); }, [of]);

  const move = (row: number, column: number) => {
    const next = { row: Math.min(shown - 1, Math.max(0, row)), column: Math.min(columns.length - 1, Math.max(0, column)) };
    setActive(next);
    virtual.scrollToIndex(next.row);
    requestAnimationFrame(() => scroll.current?.querySelector<HTMLElement>(`[data-cell="${String(next.row)} ${String(next.column)}"]`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.target instanceof HTMLElement) || event.target.dataset["cell"] === undefined) return;
    const { row, column } = active;
    const screen = Math.max(1, last - first);
    const ends = event.ctrlKey || event.metaKey;
    const steps: Record<string, [number, number]> = {
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      ArrowRight: [row, column + 1],
      ArrowLeft: [row, column - 1],
      PageDown: [row + screen, column],
      PageUp: [row - screen, column],
      Home: [ends ? 0 : row, 0],
      End: [ends ? shown - 1 : row, columns.length - 1],
    };
    const to = steps[event.key];
    if (to !== undefined) {
      event.preventDefault();
      move(...to);
    } else if (event.key === "Enter") onOpen?.(row, column);
  };
  const tracks = columns.map(({ width }) => `minmax(${String(width)}px, ${String(width)}fr)`).join(" ");
  return (
    <>
      <div ref={scroll} className={styles["scroll"]} style={{ maxHeight: height }}>
        <div
          role="grid"
          aria-label={label}
          aria-rowcount={count + 1}
          aria-colcount={columns.length}
          aria-busy={isBusy}
          className={styles["grid"]}
          style={{ "--tracks": tracks, "--row": `${String(rowPx)}px`, minWidth: columns.reduce((sum, { width }) => sum + width, 0) }}
          onKeyDown={onKeyDown}
        >
          <div role="rowgroup" className={styles["head"]}>
            <div role="row" aria-rowindex={1} className={styles["row"]}>
              {columns.map((column) => (
                <div key={column.id} role="columnheader" aria-sort={column.sort} className={styles["cell"]} data-number={column.isNumber === true}>
                  {column.head}
                </div>
              ))}
            </div>
          </div>
          <div role="rowgroup" className={styles["body"]} style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map(({ index, start }) => {
              const cells = cellsAt(index);
              return (
                <div key={index} role="row" aria-rowindex={index + 2} className={styles["row"]} data-waits={cells === null} style={{ transform: `translateY(${String(start)}px)` }}>
                  {columns.map((column, number) => (
                    <div
                      key={column.id}
                      role="gridcell"
                      data-cell={`${String(index)} ${String(number)}`}
                      data-number={column.isNumber === true}
                      data-mark={cells?.[number]?.mark}
                      tabIndex={index === Math.min(active.row, shown - 1) && number === Math.min(active.column, columns.length - 1) ? 0 : -1}
                      className={styles["cell"]}
                      title={cells?.[number]?.title}
                      onFocus={() => { setActive({ row: index, column: number }); }}
                      onDoubleClick={() => { onOpen?.(index, number); }}
                    >
                      {cells?.[number]?.content}
                    </div>
                  ))}
                </div>
              );
            })}
          </div>
        </div>
      </div>
      {shown < count && <p className="muted small">A browser shows the first {shown.toLocaleString("en")} of these rows; filter them to see others.</p>}
    </>
  );
}
