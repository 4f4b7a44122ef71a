/** One run as a row of the table. It is drawn again only when something in it has changed. */

import { Link } from "@tanstack/react-router";
import { type MouseEvent, memo } from "react";
import type { RunRow } from "../api";
import { spotlight } from "../charts/cursor";
import { Icon } from "../parts/Icon";
import { StatusMark, Swatch } from "../parts/Run";
import { Ago, Lasting } from "../parts/Time";
import styles from "./RunTable.module.css";
import { cellText, cellTitle, cellValue } from "./columns";
import type { Selection } from "./selection";
import type { TableColumn } from "./tableColumns";

type Props = {
  row: RunRow;
  index: number;
  start: number;
  definitions: TableColumn[];
  widths: string;
  dash: number;
  isVisible: boolean;
  isSelected: boolean;
  isActive: boolean;
  onActive: (index: number) => void;
  onSelect: (index: number, how: Selection) => void;
  onToggle: (id: string, isVisible: boolean) => void;
};

export const RunTableRow = memo(
  function RunTableRow(props: Props) {
    const { row, index, start, definitions, widths, isSelected, isActive, isVisible, onActive, onSelect } = props;
    const sizes = widths.split(",");
    const onClick = (event: MouseEvent) => {
      onActive(index);
      if (event.target instanceof HTMLElement && event.target.closest("a, button, input") !== null) return;
      if (event.shiftKey) onSelect(index, "range");
      else if (event.ctrlKey || event.metaKey) onSelect(index, "toggle");
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
        onFocus={() => { onActive(index); }}
        onPointerEnter={() => { spotlight.set(isVisible ? row.id : null); }}
        onPointerLeave={() => { spotlight.set(null); }}
      >
        {definitions.map((column, at) => (
          <div key={column.id} role="gridcell" className={styles["cell"]} data-kind={column.kind} style={{ width: `${sizes[at] ?? "100"}px` }}>
            <Cell {...props} column={column} />
          </div>
        ))}
      </div>
    );
  },
  (before, after) =>
    before.row === after.row &&
    before.index === after.index &&
    before.start === after.start &&
    before.definitions === after.definitions &&
    before.widths === after.widths &&
    before.dash === after.dash &&
    before.isVisible === after.isVisible &&
    before.isSelected === after.isSelected &&
    before.isActive === after.isActive &&
    before.onSelect === after.onSelect,
);

function Cell({ row, index, column, dash, isVisible, isSelected, onSelect, onToggle }: Props & { column: TableColumn }) {
  switch (column.kind) {
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
        <span className={styles["name"]}>
          <Swatch hue={row.hue} dash={dash} />
          <Link to="/p/$project/runs/$run" params={{ project: row.project, run: row.id }} tabIndex={-1} title={row.name}>
            <bdi>{row.name}</bdi>
          </Link>
          {row.is_archived && <span className="muted small">archived</span>}
        </span>
      );
    case "status":
      return <StatusMark status={row.status} isStopping={row.is_stopping} isShort={column.id === "state"} />;
    case "created":
      return <Ago ms={row.created_ms} />;
    case "duration":
      return <Lasting from={row.started_ms} to={row.finished_ms ?? (row.status === "running" ? null : row.heartbeat_ms)} />;
    case "tags":
      return <span className="clip" title={row.tags.join(", ")}>{row.tags.join(", ")}</span>;
    case "user":
      return <span className="clip">{row.user}</span>;
    case "number":
      return <span>{row.number}</span>;
    case "value": {
      const value = cellValue(row, column.column);
      return (
        <span className="clip" title={cellTitle(value)}>
          {cellText(value)}
        </span>
      );
    }
  }
}
