/**
 * One run as a row of the table. It is drawn again only when something in it has changed.
 *
 * While one scrolls, an element shows one run after the other and all that differs is written anew. So a row has no
 * handlers, no stores and no elements beyond what is seen; `rowActions.ts` hears what is done to it.
 */

import { type CSSProperties, type ReactNode, Suspense, lazy, memo } from "react";
import type { RunRow } from "../api";
import { formatAgo, formatDuration } from "../format";
import { Icon } from "../parts/Icon";
import { StatusMark, Swatch } from "../parts/Run";
import type { Goal } from "../goals";
import styles from "./RunTable.module.css";
import { type Column, type Goals, cellText, cellTitle, cellValue, placeIn } from "./columns";
import { CURVE_HEIGHT, CURVE_WIDTH } from "./curves";
import { noteOf } from "./labels";
import type { Ranges } from "./ranges";
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
  lefts: ReadonlyMap<string, number>;
  marks: Marks;
  curves: ReadonlyMap<string, string> | undefined;
  editing: EditedField | null;
  dash: number;
  isVisible: boolean;
  isSelected: boolean;
  isActive: boolean;
  /** Unix milliseconds. */
  now: number;
  /** Why one may not change the run. */
  reason: string | undefined;
  onEdit: (id: string, field: EditedField | null) => void;
};

export const RunTableRow = memo(function RunTableRow(props: Props) {
  const { row, index, start, definitions, lefts, isSelected, isActive, isVisible } = props;
  return (
    <div
      role="row"
      className={styles["run"]}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      aria-label={row.name}
      data-row={index}
      data-hidden={!isVisible}
      tabIndex={isActive ? 0 : -1}
      style={{ transform: `translateY(${String(start)}px)` }}
    >
      {definitions.map((column) => {
        const left = lefts.get(column.id);
        return (
          <div key={column.id} role="gridcell" className={styles["cell"]} data-kind={column.kind} data-column={column.id} data-pinned={left !== undefined} style={styleOf(props, column, left)}>
            {contentOf(props, column)}
          </div>
        );
      })}
    </div>
  );
});

/** A cell is shaded by how good its value is. */
function styleOf({ row, marks: { goals, ranges, heat, goalOf } }: Props, column: TableColumn, left: number | undefined): CSSProperties | undefined {
  const range = column.kind === "value" && heat.has(column.id) ? ranges.get(column.id) : undefined;
  if (column.kind !== "value" || range === undefined) return left === undefined ? undefined : { left };
  const place = placeIn(cellValue(row, column.column, goals), range, goalOf(column.id));
  return place === null ? { left } : { left, backgroundColor: `color-mix(in srgb, var(--accent) ${(4 + 32 * place).toFixed(1)}%, var(--bg))` };
}

function contentOf(props: Props, column: TableColumn): ReactNode {
  const { row, curves, dash, isVisible, isSelected } = props;
  switch (column.kind) {
    case "tick":
      return <input type="checkbox" data-do="tick" tabIndex={-1} aria-label={`Select ${row.name}`} checked={isSelected} readOnly />;
    case "eye":
      return <Eye name={row.name} isVisible={isVisible} />;
    case "name":
      return (
        <Editable {...props} field="name" value={row.name}>
          <span className={styles["name"]}>
            <button type="button" data-look="plain" data-do="hue" tabIndex={-1} className={styles["hue"]} aria-label={`Colour of ${row.name}`} aria-haspopup="menu">
              <Swatch hue={row.hue} dash={dash} />
            </button>
            <a href={`/p/${encodeURIComponent(row.project)}/runs/${encodeURIComponent(row.id)}`} data-do="open" tabIndex={-1}>
              <bdi>{row.name}</bdi>
            </a>
            <Told {...props} />
            {row.status === "lost" && <span className={styles["told"]}>last heard {formatAgo(row.heartbeat_ms, props.now)}</span>}
            {row.is_archived && <span className="muted small">archived</span>}
          </span>
        </Editable>
      );
    case "status":
      return <StatusMark status={row.status} isStopping={row.is_stopping} isShort={column.id === "state"} />;
    case "fact":
      return column.column.key === "tags" || column.column.key === "notes" ? (
        <Editable {...props} field={column.column.key} value={cellText(cellValue(row, column.column))}>
          <span className="clip">{cellText(cellValue(row, column.column))}</span>
        </Editable>
      ) : (
        factText(row, column.column, props.now)
      );
    case "curve":
      return <Curve path={curves?.get(column.column.label)} label={column.column.label} />;
    case "value":
      return (
        <>
          {isBest(props, column.column) && <span className={styles["best"]} role="img" aria-label="best" title="The best of all runs that match">★</span>}
          {cellText(cellValue(row, column.column, props.marks.goals))}
        </>
      );
  }
}

/** By what a run differs from the visible ones. */
function Told({ row, labels }: Props) {
  const note = noteOf(row.config, labels);
  return note === null ? null : <span className={styles["told"]} title={note.full}><bdi>{note.text}</bdi></span>;
}

/** What a cell says when one points at it. */
export function cellTitleOf(row: RunRow, column: TableColumn | undefined, goals: Goals): string {
  switch (column?.kind) {
    case "name":
      return `${row.name}\nDouble click or Enter opens the run`;
    case "fact":
    case "value":
      return cellTitle(cellValue(row, column.column, goals));
    default:
      return "";
  }
}

function isBest({ row, marks: { goals, ranges, goalOf } }: Props, column: Column): boolean {
  const { key } = column;
  const range = ranges.get(key);
  const goal = goalOf(key);
  return range !== undefined && goal !== undefined && cellValue(row, column, goals) === (goal === "max" ? range.high : range.low);
}

function factText(row: RunRow, column: Column, now: number): string {
  switch (column.key) {
    case "created":
      return formatAgo(row.created_ms, now);
    case "started":
      return formatAgo(row.started_ms, now);
    case "finished":
      return row.finished_ms === null ? "" : formatAgo(row.finished_ms, now);
    case "duration":
      return formatDuration(Math.max(0, (row.finished_ms ?? (row.status === "running" ? now : row.heartbeat_ms)) - row.started_ms));
    default:
      return cellText(cellValue(row, column));
  }
}

const Eye = memo(function Eye({ name, isVisible }: { name: string; isVisible: boolean }) {
  return (
    <button type="button" data-look="icon" data-do="eye" tabIndex={-1} className={styles["eye"]} aria-label={`${isVisible ? "Hide" : "Show"} ${name}`} title={isVisible ? "Hide in the charts (Space)" : "Show in the charts (Space)"}>
      <EyeIcon isOpen={isVisible} />
    </button>
  );
});

const EyeIcon = memo(function EyeIcon({ isOpen }: { isOpen: boolean }) {
  return <Icon name={isOpen ? "eye" : "eyeOff"} size={14} />;
});

const PencilIcon = memo(function PencilIcon() {
  return <Icon name="pencil" size={12} />;
});

/** A text that a pencil turns into a field. With the keyboard "e" does it for all of a run's. */
function Editable({ row, field, value, editing, reason, onEdit, children }: Props & { field: "name" | "tags" | "notes"; value: string; children: ReactNode }) {
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
      <button type="button" data-look="icon" data-do="edit" data-field={field} tabIndex={-1} className={styles["pencil"]} aria-label={`Edit ${field} of ${row.name}`} aria-disabled={reason !== undefined} title={reason ?? `Edit ${field} (e edits all)`}>
        <PencilIcon />
      </button>
    </>
  );
}

const Curve = memo(function Curve({ path, label }: { path: string | undefined; label: string }) {
  if (path === undefined || path === "") return null;
  return (
    <svg data-curve className={styles["curve"]} viewBox={`0 0 ${String(CURVE_WIDTH)} ${String(CURVE_HEIGHT)}`} width={CURVE_WIDTH} height={CURVE_HEIGHT} role="img" aria-label={`Curve of ${label}`}>
      <path d={path} />
    </svg>
  );
});
