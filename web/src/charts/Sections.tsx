/**
 * The sections of charts below the pinned ones: folded, renamed and moved by hand. Folded ones fetch nothing; where there
 * are very many metrics, only the sections on screen are in the document.
 */

import { useVirtualizer } from "@tanstack/react-virtual";
import { Suspense, lazy, useEffect, useLayoutEffect, useRef, useState } from "react";
import { formatCount, plural } from "../format";
import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import styles from "./ChartGrid.module.css";
import type { Section } from "./sections";

const RenameSection = lazy(() => import("./RenameSection").then((module) => ({ default: module.RenameSection })));

export type SectionsProps = {
  sections: readonly Section[];
  nameOf: (prefix: string) => string;
  isFolded: (prefix: string) => boolean;
  onToggle: (prefix: string) => void;
  /** To another place among the sections. Without it they cannot be moved or renamed now. */
  onMove: ((prefix: string, place: number) => void) | null;
  onRename: (prefix: string, name: string) => void;
  tileOf: (metric: string) => React.ReactNode;
};

export function Sections(props: SectionsProps) {
  return props.sections.map((_, index) => <SectionView key={props.sections[index]?.name} {...props} index={index} />);
}

/** `pinnedCount`: whether there is anything above, where the first section begins. */
type VirtualProps = SectionsProps & { scrollRef: React.RefObject<HTMLElement | null>; pinnedCount: number };

const HEADER_PX = 36;

export function VirtualSections({ scrollRef, pinnedCount, ...props }: VirtualProps) {
  const { sections } = props;
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = () => { setTop(list.current?.offsetTop ?? 0); };
    measure();
    const above = list.current?.previousElementSibling;
    if (above === null || above === undefined) return;
    const observer = new ResizeObserver(measure);
    observer.observe(above);
    return () => { observer.disconnect(); };
  }, [pinnedCount]);
  const rows = useVirtualizer({
    count: sections.length,
    getScrollElement: () => scrollRef.current,
    estimateSize: () => HEADER_PX,
    getItemKey: (index) => sections[index]?.name ?? index,
    overscan: 6,
    scrollMargin: top,
  });
  return (
    <div ref={list} className={styles["virtual"]} style={{ height: rows.getTotalSize() }}>
      {rows.getVirtualItems().map(({ index, key, start }) => (
        <div key={key} ref={rows.measureElement} data-index={index} style={{ transform: `translateY(${String(start - top)}px)` }}>
          <SectionView {...props} index={index} />
        </div>
      ))}
    </div>
  );
}

const DRAGGED = "application/x-tracker-section";
/** More tiles than this nobody scrolls through; the others come on request, or by a search. */
const MOST_TILES = 120;

function SectionView({ sections, index, nameOf, isFolded, onToggle, onMove, onRename, tileOf }: SectionsProps & { index: number }) {
  const [isAll, setIsAll] = useState(false);
  const [most, setMost] = useState(MOST_TILES);
  const [isRenaming, setIsRenaming] = useState(false);
  const grid = useRef<HTMLDivElement>(null);
  const { name: prefix = "", metrics = [] } = sections[index] ?? {};
  const isClosed = isFolded(prefix);
  const empty = useEmptyCount(grid, isClosed);
  const name = nameOf(prefix);
  const entries: MenuEntry[] = [
    ...(index > 0 ? [{ kind: "do", label: "Move up", onSelect: () => onMove?.(prefix, index - 1) } as const] : []),
    ...(index < sections.length - 1 ? [{ kind: "do", label: "Move down", onSelect: () => onMove?.(prefix, index + 1) } as const] : []),
    { kind: "do", label: "Rename…", onSelect: () => { setIsRenaming(true); } },
  ];
  return (
    <section className={styles["section"]} aria-label={name}>
      <header
        draggable={onMove !== null}
        onDragStart={(event) => { event.dataTransfer.setData(DRAGGED, prefix); }}
        onDragOver={(event) => { if (event.dataTransfer.types.includes(DRAGGED)) event.preventDefault(); }}
        onDrop={(event) => {
          if (!event.dataTransfer.types.includes(DRAGGED)) return;
          event.preventDefault();
          onMove?.(event.dataTransfer.getData(DRAGGED), index);
        }}
      >
        <h2>
          <button type="button" data-look="plain" aria-expanded={!isClosed} onClick={() => { onToggle(prefix); }}>
            <Icon name={isClosed ? "right" : "down"} size={14} />
            <bdi>{name}</bdi>
            <span className="muted">{metrics.length}</span>
          </button>
        </h2>
        {onMove !== null && (
          <Menu label={`Arrange section ${name}`} look="icon" entries={entries}>
            <Icon name="more" size={14} />
          </Menu>
        )}
      </header>
      {!isClosed && <div ref={grid} className={styles["grid"]} data-all={isAll}>{metrics.slice(0, most).map(tileOf)}</div>}
      {!isClosed && metrics.length > most && (
        <p className={styles["hidden"]}>
          {formatCount(most)} of {plural(metrics.length, "chart")} <button type="button" data-look="link" onClick={() => { setMost(most + MOST_TILES); }}>Show more</button>
        </p>
      )}
      {!isClosed && empty > 0 && !isAll && (
        <p className={styles["hidden"]}>
          {plural(empty, "empty chart")} hidden <button type="button" data-look="link" onClick={() => { setIsAll(true); }}>Show</button>
        </p>
      )}
      {isRenaming && (
        <Suspense>
          <RenameSection name={name} onRename={(next) => { onRename(prefix, next); }} onClose={() => { setIsRenaming(false); }} />
        </Suspense>
      )}
    </section>
  );
}

/** How many tiles turned out to have no points from the visible runs: only the tiles know, once they have fetched. */
function useEmptyCount(grid: React.RefObject<HTMLDivElement | null>, isFolded: boolean): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const element = grid.current;
    if (element === null) return;
    const recount = () => { setCount(element.querySelectorAll('[data-empty="true"]').length); };
    const observer = new MutationObserver(recount);
    observer.observe(element, { subtree: true, childList: true, attributeFilter: ["data-empty"] });
    recount();
    return () => { observer.disconnect(); };
  }, [grid, isFolded]);
  return count;
}
