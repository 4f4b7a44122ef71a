/**
 * The runs as a grid: eye, colour, name, state and the chosen columns, one row a run, however many there are.
 *
 * Only rows on the screen are in the document; the next page is fetched before its rows are reached. The focus is on
 * one row at a time: arrows (or j and k) move it, Space shows or hides, x selects, e edits, Enter opens.
 */

import { useNavigate } from "@tanstack/react-router";
import { type Range, defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { Suspense, lazy, useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import type { Keys } from "../api";
import { useNow } from "../clock";
import { useKeys } from "../frame/keys";
import { plural } from "../format";
import { Icon } from "../parts/Icon";
import { useHandler } from "../parts/useHandler";
import { density } from "../settings";
import { tellReason } from "../parts/Button";
import { useRights } from "../rights";
import { LitRow } from "./LitRow";
import { RunTableHead, sortWords } from "./RunTableHead";
import { type EditedField, type Marks, RunTableRow, cellTitleOf } from "./RunTableRow";
import styles from "./RunTable.module.css";
import { type Goals, columnOf, metricOf } from "./columns";
import { useCurves } from "./curves";
import { useRowActions } from "./rowActions";
import { slotKeeper } from "./slots";
import { goalsOf, useRanges } from "./ranges";
import { type TableColumn, pinnedAt, tableColumns } from "./tableColumns";
import type { TableState } from "./tableState";
import type { RunList } from "./runs";
import { type Selection, selectRow } from "./selection";
import { useColumnWidths } from "./useColumnWidths";
import type { Change } from "./useView";
import type { Shown, View } from "./view";
import type { Visible } from "./visible";

const HueMenu = lazy(() => import("./HueMenu").then((module) => ({ default: module.HueMenu })));
const EditRunDialog = lazy(() => import("./EditRunDialog").then((module) => ({ default: module.EditRunDialog })));

type Props = {
  project: string;
  runs: RunList;
  keys: Keys | undefined;
  columns: readonly string[];
  view: View;
  change: Change;
  selected: ReadonlySet<string>;
  visible: Visible;
  newCount: number;
  isLabelled: boolean;
  onSelect: (selected: ReadonlySet<string>) => void;
  onToggle: (id: string, isVisible: boolean) => void;
  onShown: (shown: Shown) => void;
  onScrollTop: (isTop: boolean) => void;
  onShowNew: () => void;
  onCard: (id: string) => void;
};

/** Rows beyond the edges: enough for a step of the wheel. While one scrolls by screens, each is a row more to write. */
const BEYOND = 4;
/** Rows that are this far from the last one fetched ask for more. */
const AHEAD = 40;

export function RunTable(props: Props) {
  const { project, runs, keys, columns, view, change, selected, visible, newCount, isLabelled, onSelect, onToggle, onScrollTop, onShowNew, onCard } = props;
  const navigate = useNavigate();
  const scroll = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const anchor = useRef(0);
  const isWide = view.mode === "table";
  const isChosen = view.columns !== null;
  const { pinned, heat } = view.table;
  const goals = useMemo(() => goalsOf(keys), [keys]);
  const names = useMemo(() => new Set(keys?.metrics.map(({ name }) => name)), [keys]);
  const definitions = useMemo(() => tableColumns(columns, { isWide, isChosen, isLabelled, pinned, names, goals }), [columns, isWide, isChosen, isLabelled, pinned, names, goals]);
  const changeTable = useCallback((table: Partial<TableState>) => { change((now) => ({ ...now, table: { ...now.table, ...table } })); }, [change]);
  const sizes = useColumnWidths(definitions, view.table.widths, (widths) => { changeTable({ widths }); });
  const [coloured, setColoured] = useState<{ id: string; anchor: HTMLElement } | null>(null);
  const [editing, setEditing] = useState<{ id: string; field: EditedField } | null>(null);
  const now = useNow();
  const rowHeight = useRowHeight();
  // the row that one may have the focus on, or edit, stays where it is: so do the focus and the text
  const edits = editing === null || editing.field === "all" ? -1 : runs.rows.findIndex(({ id }) => id === editing.id);
  const kept = edits < 0 ? active : edits;
  const rangeExtractor = useCallback((range: Range) => withKept(defaultRangeExtractor(range), kept, range.count), [kept]);
  const virtual = useVirtualizer({ count: Math.max(runs.matched, runs.rows.length), getScrollElement: () => scroll.current, estimateSize: () => rowHeight, overscan: BEYOND, rangeExtractor });
  const [slotsOf] = useState(slotKeeper);
  const items = virtual.getVirtualItems();
  const slots = slotsOf(items.map(({ index }) => index), kept, !virtual.isScrolling);
  const bySlot = items.toSorted((a, b) => (slots.get(a.index) ?? 0) - (slots.get(b.index) ?? 0));
  const firstShown = virtual.range?.startIndex ?? 0;
  const lastShown = virtual.range?.endIndex ?? 0;
  const isOverflowing = (virtual.scrollRect?.width ?? 0) < sizes.total;
  const more = useEffectEvent(runs.fetchMore);
  useEffect(() => {
    if (lastShown + AHEAD >= runs.rows.length) more();
  }, [lastShown, runs.rows.length]);
  useEffect(() => { virtual.measure(); }, [rowHeight, virtual]);
  const curves = useCurves(runs.rows, columns, firstShown, lastShown);
  const marks = useMarks({ project, view, definitions, names, goals, heat, isLive: runs.rows.some(({ status }) => status === "running") });

  const select = useHandler((index: number, how: Selection) => {
    onSelect(selectRow({ rows: runs.rows, selected, anchor: anchor.current, index, how }));
    if (how !== "range") anchor.current = index;
  });
  const move = (to: number) => {
    const next = Math.min(runs.rows.length - 1, Math.max(0, to));
    setActive(next);
    virtual.scrollToIndex(next);
    requestAnimationFrame(() => scroll.current?.querySelector<HTMLElement>(`[data-row="${String(next)}"]`)?.focus({ preventScroll: true }));
  };
  const current = runs.rows[active];
  const open = () => { if (current !== undefined) void navigate({ to: "/p/$project/runs/$run", params: { project, run: current.id } }); };
  useKeys([
    { key: "j", label: "Next run", run: () => { move(active + 1); } },
    { key: "k", label: "Previous run", run: () => { move(active - 1); } },
    { key: " ", label: "Show or hide the run in the charts", run: () => { if (current !== undefined) onToggle(current.id, visible.ids.has(current.id)); } },
    { key: "x", label: "Select the run", run: () => { select(active, "toggle"); } },
    { key: "h", label: "Choose the colour of the run", run: () => { scroll.current?.querySelector<HTMLElement>(`[data-row="${String(active)}"] [aria-haspopup="menu"]`)?.click(); } },
    { key: "e", label: "Edit the run's name, tags and notes", run: () => { if (current !== undefined) setEditing({ id: current.id, field: "all" }); } },
  ]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (!(event.target instanceof HTMLElement) || event.target.dataset["row"] === undefined) return;
    const steps: Record<string, number> = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: runs.rows.length - 1, PageDown: active + 15, PageUp: active - 15 };
    const to = steps[event.key];
    if (to !== undefined) {
      event.preventDefault();
      move(to);
    } else if (event.key === "Enter") open();
  };

  // a column says it already
  const labels = useMemo(() => visible.labels.filter((key) => !definitions.some(({ id }) => id === key)), [visible.labels, definitions]);
  const dashOf = useMemo(() => new Map(visible.styles.map(({ id, dash }) => [id, dash])), [visible.styles]);
  const tracks = definitions.map(({ id, kind }) => (kind === "name" ? `min(var(--widest-name), ${String(sizes.widthOf(id))}px)` : `${String(sizes.widthOf(id))}px`)).join(" ");
  const { widthOf } = sizes;
  const lefts = useMemo(() => pinnedAt(definitions, widthOf), [definitions, widthOf]);
  const reason = useRights(project)("editor");
  const onEdit = useHandler((id: string, field: EditedField | null) => {
    if (field !== null && reason !== undefined) tellReason(reason);
    else setEditing(field === null ? null : { id, field });
  });
  const onColour = useHandler((id: string, anchor: HTMLElement) => {
    if (reason === undefined) setColoured({ id, anchor });
    else tellReason(reason);
  });
  const onOpen = useHandler((id: string) => { void navigate({ to: "/p/$project/runs/$run", params: { project, run: id } }); });
  const columnOfId = useMemo(() => new Map(definitions.map((column) => [column.id, column])), [definitions]);
  const { handlers, untitle } = useRowActions({
    rows: runs.rows,
    visible: visible.ids,
    titleOf: (row, column) => cellTitleOf(row, columnOfId.get(column), goals),
    onActive: setActive,
    onSelect: select,
    onToggle,
    onEdit,
    onColour,
    onOpen,
    onCard,
  });
  const recoloured = coloured === null ? undefined : runs.rows.find(({ id }) => id === coloured.id);
  const edited = editing?.field === "all" ? runs.rows.find(({ id }) => id === editing.id) : undefined;
  return (
    <div className={styles["frame"]}>
      {newCount > 0 && (
        <button
          type="button"
          className={styles["new"]}
          onClick={() => {
            scroll.current?.scrollTo({ top: 0 });
            onShowNew();
          }}
        >
          {plural(newCount, "new run")} <Icon name="up" size={12} />
        </button>
      )}
      <div
        ref={scroll}
        className={styles["scroll"]}
        onScroll={(event) => {
          untitle();
          onScrollTop(event.currentTarget.scrollTop < rowHeight);
        }}
      >
        <div
          className={styles["grid"]}
          role="grid"
          aria-label="Runs"
          aria-rowcount={runs.matched + 1}
          aria-multiselectable="true"
          aria-busy={runs.isPending}
          data-overflows={isOverflowing}
          style={{ minWidth: `max(100%, ${String(sizes.total)}px)`, "--columns": tracks }}
          onKeyDown={onKeyDown}
        >
          <RunTableHead {...props} {...{ sizes, definitions, lefts, names, goals, changeTable }} getGrid={() => scroll.current} />
          <div className={styles["body"]} role="rowgroup" data-scrolling={virtual.isScrolling} style={{ height: virtual.getTotalSize() }} {...handlers}>
            {bySlot.map(({ index, start }) => {
              const row = runs.rows[index];
              if (row === undefined) return <div key={`waiting ${String(index)}`} className={styles["waiting"]} role="row" aria-rowindex={index + 2} style={{ transform: `translateY(${String(start)}px)` }}><span role="gridcell" /></div>;
              return (
                <RunTableRow
                  key={slots.get(index)}
                  {...{ row, index, start, definitions, labels, lefts, marks, now, reason, onEdit }}
                  curves={curves.get(row.id)}
                  editing={editing?.id === row.id ? editing.field : null}
                  dash={dashOf.get(row.id) ?? 0}
                  isVisible={visible.ids.has(row.id)}
                  isSelected={selected.has(row.id)}
                  isActive={index === active}
                />
              );
            })}
            <LitRow rows={runs.rows} />
          </div>
        </div>
      </div>
      <span role="status" className="visually-hidden">{sortWords(view, definitions)}</span>
      {coloured !== null && recoloured !== undefined && (
        <Suspense>
          <HueMenu key={coloured.id} row={recoloured} anchor={coloured.anchor} onClose={() => { setColoured(null); }} />
        </Suspense>
      )}
      {edited !== undefined && (
        <Suspense>
          <EditRunDialog row={edited} onClose={() => { setEditing(null); }} />
        </Suspense>
      )}
    </div>
  );
}

/** The rows in view, and beside them the one that is kept. */
function withKept(rows: number[], kept: number, count: number): number[] {
  const first = rows[0] ?? 0;
  if (kept >= count || (kept >= first && kept <= (rows.at(-1) ?? 0))) return rows;
  return kept < first ? [kept, ...rows] : [...rows, kept];
}

type Marked = { project: string; view: View; definitions: readonly TableColumn[]; names: ReadonlySet<string>; goals: Goals; heat: readonly string[]; isLive: boolean };

/** What the cells of columns are marked by. Columns without a better end are not asked about, unless they are shaded. */
function useMarks({ project, view, definitions, names, goals, heat, isLive }: Marked): Marks {
  const asked = definitions.flatMap((definition) => {
    if (definition.kind !== "value") return [];
    const metric = metricOf(definition.column, names);
    const isRated = metric !== null && goals.has(metric.name) && !metric.statistic.endsWith("_step");
    return metric !== null && (isRated || heat.includes(definition.id)) ? [definition.id] : [];
  });
  const ranges = useRanges(project, view, asked, isLive);
  return useMemo(() => {
    const goalOf = (key: string) => goals.get(metricOf(columnOf(key), names)?.name ?? "");
    return { goals, ranges, heat: new Set(heat), goalOf };
  }, [goals, names, ranges, heat]);
}

function useRowHeight(): number {
  const chosen = density.use();
  return useMemo(() => {
    const text = getComputedStyle(document.documentElement).getPropertyValue("--row-height");
    return Number.parseInt(text, 10) || (chosen === "compact" ? 28 : 36);
  }, [chosen]);
}
