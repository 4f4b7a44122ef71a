/** The two kinds of rows of the list of groups: a group in numbers, and a run of a group. */

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { RunRow } from "../api";
import { spotlight } from "../charts/cursor";
import type { RunStyle } from "../charts/figure";
import { formatCount, formatNumber, plural } from "../format";
import { Icon } from "../parts/Icon";
import { StatusMark, Swatch } from "../parts/Run";
import styles from "./GroupTable.module.css";
import shared from "./RunTable.module.css";
import { cellText, cellTitle, cellValue, columnOf } from "./columns";
import type { Cell, Group } from "./groupNames";

type Shared = {
  index: number;
  start: number;
  isActive: boolean;
  onActive: (index: number) => void;
  columns: readonly string[];
  group: Group;
  style: RunStyle | undefined;
  isVisible: boolean;
};

type GroupProps = Shared & { isOpen: boolean; onTurn: (group: Group) => void; onToggle: (group: Group) => void };

export function GroupRow(props: GroupProps) {
  const { group, style, isOpen, isVisible, columns, onTurn, onToggle } = props;
  return (
    <Row {...props} label={group.name} level={1} isOpen={isOpen}>
      <div role="gridcell" className={styles["eye"]}>
        <button type="button" data-look="icon" tabIndex={-1} aria-label={`${isVisible ? "Hide" : "Show"} ${group.name}`} title={isVisible ? "Hide in the charts (Space)" : "Show in the charts (Space)"} onClick={() => { onToggle(group); }}>
          <Icon name={isVisible ? "eye" : "eyeOff"} size={14} />
        </button>
      </div>
      <div role="gridcell" className={styles["name"]}>
        <button type="button" data-look="plain" tabIndex={-1} aria-label={`${isOpen ? "Close" : "Open"} ${group.name}`} title={group.name} onClick={() => { onTurn(group); }}>
          <Icon name={isOpen ? "down" : "right"} size={14} />
          {style !== undefined && <Swatch hue={style.hue} dash={style.dash} />}
          <bdi className="clip">{group.name}</bdi>
        </button>
      </div>
      <div role="gridcell" className={styles["count"]} title={plural(group.count, "run")}>{formatCount(group.count)}</div>
      {columns.map((key, at) => (
        <div key={key} role="gridcell" className={styles["value"]}><Pooled cell={group.cells[at]} /></div>
      ))}
    </Row>
  );
}

function Pooled({ cell }: { cell: Cell | undefined }) {
  if (cell === undefined || cell.mean === null) return null;
  const { mean, std } = cell;
  return (
    <span title={`mean ${String(mean)}${std === null ? "" : `, standard deviation ${String(std)}`}`}>
      {formatNumber(mean)}
      {std !== null && <span className="muted"> ± {formatNumber(Number(std.toPrecision(2)))}</span>}
    </span>
  );
}

/** A run that is still to come has no `run`. */
export function MemberRow(props: Shared & { run: RunRow | undefined }) {
  const { run, columns, style } = props;
  if (run === undefined) return <Row {...props} label="Waiting for this run" level={2}><div role="gridcell" className="muted">…</div></Row>;
  return (
    <Row {...props} label={run.name} level={2}>
      <div role="gridcell" className={styles["eye"]} />
      <div role="gridcell" className={styles["name"]} data-level="2">
        <StatusMark status={run.status} isStopping={run.is_stopping} isShort />
        {style !== undefined && <Swatch hue={style.hue} dash={style.dash} />}
        <Link to="/p/$project/runs/$run" params={{ project: run.project, run: run.id }} tabIndex={-1} title={run.name} className="clip">
          <bdi>{run.name}</bdi>
        </Link>
      </div>
      <div role="gridcell" className={styles["count"]} />
      {columns.map((key) => {
        const value = cellValue(run, columnOf(key));
        return <div key={key} role="gridcell" className={styles["value"]}><span title={cellTitle(value)}>{cellText(value)}</span></div>;
      })}
    </Row>
  );
}

type RowProps = Shared & { label: string; level: 1 | 2; isOpen?: boolean; children: ReactNode };

function Row({ index, start, isActive, isVisible, group, label, level, isOpen, onActive, children }: RowProps) {
  return (
    <div
      role="row"
      className={shared["row"]}
      aria-rowindex={index + 2}
      aria-level={level}
      aria-expanded={isOpen}
      aria-label={label}
      data-row={index}
      data-hidden={!isVisible}
      tabIndex={isActive ? 0 : -1}
      style={{ transform: `translateY(${String(start)}px)` }}
      onFocus={() => { onActive(index); }}
      onClick={() => { onActive(index); }}
      onPointerEnter={() => { spotlight.set(isVisible ? group.filter : null); }}
      onPointerLeave={() => { spotlight.set(null); }}
    >
      {children}
    </div>
  );
}
