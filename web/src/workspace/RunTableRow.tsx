/** One run as a row of the table. It is drawn again only when something in it has changed. */

import { Link } from "@tanstack/react-router";
import { type MouseEvent, type ReactNode, Suspense, lazy, memo } from "react";
import type { RunRow } from "../api";
import { spotlight } from "../charts/cursor";
import { Icon } from "../parts/Icon";
import { StatusMark, Swatch } from "../parts/Run";
import { Ago, Lasting } from "../parts/Time";
import styles from "./RunTable.module.css";
import type { Goal } from "../goals";
import { type Column, type Goals, cellText, cellTitle, cellValue, placeIn } from "./columns";
import { CURVE_HEIGHT, CURVE_WIDTH } from "./curves";
import { noteOf } from "./labels";
import type { Ranges } from "./ranges";
import type { Selection } from "./selection";
import type { TableColumn } from "./tableColumns";

const InlineEdit = lazy(() => import("./InlineEdit").then((module) => ({ default: module.InlineEdit })));

/** What of a run is being edited in its row; "all" is for the dialog. */
export type EditedField = "name" | "tags" | "notes" | "all";

/** What cells are marked by: which values are better, and where each column begins and ends. */
export type Marks = { goals: Goals; ranges: Ranges; heat: ReadonlySet<string>; goalOf: (key: string) => Goal | undefined };

type Props = {
  row: RunRow;
  index: number;
  start: number;
  definitions: readonly TableColumn[];
  /** By which keys of the config it is told apart beside its name. */
  labels: readonly string[];
  widths: string;
  lefts: string;
  marks: Marks;
  curves: ReadonlyMap<string, string> | undefined;
  editing: EditedField | null;
  dash: number;
  isVisible: boolean;
  isSelected: boolean;
  isActive: boolean;
  onActive: (index: number) => void;
  onSelect: (index: number, how: Selection) => void;
  onToggle: (id: string, isVisible: boolean) => void;
  onEdit: (id: string, field: EditedField | null) => void;
  onOpen: (id: string) => void;
  onCard: (id: string) => void;
};

export const RunTableRow = memo(
  function RunTableRow(props: Props) {
    const { row, index, start, definitions, widths, lefts, isSelected, isActive, isVisible, onActive, onSelect, onOpen, onCard } = props;
    const sizes = widths.split(",");
    const places = lefts.split(",");
    const onClick = (event: MouseEvent) => {
      onActive(index);
      if (event.target instanceof Element && event.target.closest("a, button, input, form") !== null) return;
      if (event.shiftKey) onSelect(index, "range");
      else if (event.ctrlKey || event.metaKey) onSelect(index, "toggle");
      else onCard(row.id);
    };
    return (
      <div
        role="row"
        className={styles["row"]}
        aria-rowindex={index + 2}
        aria-selected={isSelected}
        aria-label={row.name}
        data-row={index}
        data-hidden={!isVisible}
        tabIndex={isActive ? 0 : -1}
        style={{ transform: `translateY(${String(start)}px)` }}
        onClick={onClick}
        onDoubleClick={(event) => { if (event.target instanceof Element && event.target.closest("a, button, input, form") === null) onOpen(row.id); }}
        onFocus={() => { onActive(index); }}
        onPointerEnter={() => { spotlight.set(isVisible ? row.id : null); }}
        onPointerLeave={() => { spotlight.set(null); }}
      >
        {definitions.map((column, at) => {
          const left = places[at] ?? "";
          return (
            <div key={column.id} role="gridcell" className={styles["cell"]} data-kind={column.kind} data-column={column.id} data-pinned={left !== ""} style={{ width: `${sizes[at] ?? "100"}px`, left: left === "" ? undefined : `${left}px` }}>
              <Cell {...props} definition={column} />
            </div>
          );
        })}
      </div>
    );
  },
  (before, after) =>
    before.row === after.row &&
    before.index === after.index &&
    before.start === after.start &&
    before.definitions === after.definitions &&
    before.labels === after.labels &&
    before.widths === after.widths &&
    before.lefts === after.lefts &&
    before.marks === after.marks &&
    before.curves === after.curves &&
    before.editing === after.editing &&
    before.dash === after.dash &&
    before.isVisible === after.isVisible &&
    before.isSelected === after.isSelected &&
    before.isActive === after.isActive &&
    before.onSelect === after.onSelect,
);

function Cell(props: Props & { definition: TableColumn }) {
  const { row, index, definition, marks, curves, dash, isVisible, isSelected, onSelect, onToggle, onCard } = props;
  switch (definition.kind) {
    case "tick":
      return <input type="checkbox" tabIndex={-1} aria-label={`Select ${row.name}`} checked={isSelected} onChange={(event) => { onSelect(index, event.nativeEvent instanceof globalThis.MouseEvent && event.nativeEvent.shiftKey ? "range" : "toggle"); }} />;
    case "eye":
      return (
        <button type="button" data-look="icon" tabIndex={-1} className={styles["eye"]} aria-label={`${isVisible ? "Hide" : "Show"} ${row.name}`} title={isVisible ? "Hide in the charts (Space)" : "Show in the charts (Space)"} onClick={() => { onToggle(row.id, isVisible); }}>
          <Icon name={isVisible ? "eye" : "eyeOff"} size={14} />
        </button>
      );
    case "name":
      return (
        <Editable {...props} field="name" value={row.name}>
          <span className={styles["name"]}>
            <Swatch hue={row.hue} dash={dash} />
            <Link
              to="/p/$project/runs/$run"
              params={{ project: row.project, run: row.id }}
              tabIndex={-1}
              title={`${row.name}\nDouble click or Enter opens the run`}
              onClick={(event) => {
                // a click with a key is the browser's own; the second of two goes where the link leads
                if (event.detail === 0 || event.detail > 1 || event.ctrlKey || event.metaKey || event.shiftKey) return;
                event.preventDefault();
                onCard(row.id);
              }}
            >
              <bdi>{row.name}</bdi>
            </Link>
            <Told {...props} />
            {row.is_archived && <span className="muted small">archived</span>}
          </span>
        </Editable>
      );
    case "status":
      return <StatusMark status={row.status} isStopping={row.is_stopping} isShort={definition.id === "state"} />;
    case "fact":
      return <FactCell {...props} column={definition.column} />;
    case "curve":
      return <Curve path={curves?.get(definition.column.label)} label={definition.column.label} />;
    case "value":
      return <Value {...{ row, marks }} column={definition.column} />;
  }
}

/** By what a run differs from the visible ones. */
function Told({ row, labels }: Props) {
  const note = noteOf(row.config, labels);
  return note === null ? null : <span className={styles["told"]} title={note.full}><bdi>{note.text}</bdi></span>;
}

function Value({ row, marks: { goals, ranges, heat, goalOf }, column }: { row: RunRow; marks: Marks; column: Column }) {
  const value = cellValue(row, column, goals);
  const range = ranges.get(column.key);
  const goal = goalOf(column.key);
  const place = range === undefined || !heat.has(column.key) ? null : placeIn(value, range, goal);
  const isBest = range !== undefined && goal !== undefined && value === (goal === "max" ? range.high : range.low);
  return (
    <>
      {place !== null && <span className={styles["heat"]} style={{ opacity: 0.04 + 0.32 * place }} aria-hidden="true" />}
      {isBest && <span className={styles["best"]} role="img" aria-label="best" title="The best of all runs that match">★</span>}
      <span className="clip" title={cellTitle(value)}>{cellText(value)}</span>
    </>
  );
}

function FactCell(props: Props & { column: Column }) {
  const { row, column } = props;
  switch (column.key) {
    case "created":
      return <Ago ms={row.created_ms} />;
    case "started":
      return <Ago ms={row.started_ms} />;
    case "finished":
      return row.finished_ms === null ? null : <Ago ms={row.finished_ms} />;
    case "duration":
      return <Lasting from={row.started_ms} to={row.finished_ms ?? (row.status === "running" ? null : row.heartbeat_ms)} />;
    case "tags":
    case "notes": {
      const value = cellText(cellValue(row, column));
      return (
        <Editable {...props} field={column.key} value={value}>
          <span className="clip" title={value}>{value}</span>
        </Editable>
      );
    }
    default: {
      const value = cellText(cellValue(row, column));
      return <span className="clip" title={value}>{value}</span>;
    }
  }
}

/** A text that a pencil turns into a field. With the keyboard "e" does it for all of a run's. */
function Editable({ row, field, value, editing, onEdit, children }: Props & { field: "name" | "tags" | "notes"; value: string; children: ReactNode }) {
  if (editing === field) {
    return (
      <Suspense fallback={children}>
        <InlineEdit {...{ row, field, value }} onClose={() => { onEdit(row.id, null); }} />
      </Suspense>
    );
  }
  return (
    <>
      {children}
      <button type="button" data-look="icon" tabIndex={-1} className={styles["pencil"]} aria-label={`Edit ${field} of ${row.name}`} title={`Edit ${field} (e edits all)`} onClick={() => { onEdit(row.id, field); }}>
        <Icon name="pencil" size={12} />
      </button>
    </>
  );
}

function Curve({ path, label }: { path: string | undefined; label: string }) {
  if (path === undefined || path === "") return null;
  return (
    <svg data-curve className={styles["curve"]} viewBox={`0 0 ${String(CURVE_WIDTH)} ${String(CURVE_HEIGHT)}`} width={CURVE_WIDTH} height={CURVE_HEIGHT} role="img" aria-label={`Curve of ${label}`}>
      <path d={path} />
    </svg>
  );
}
