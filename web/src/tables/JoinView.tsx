/** Two tables beside each other, row by row of equal keys: what changed, and what got worse. */

import { useState } from "react";
import type { JoinPage, TableColumn } from "../api";
import { formatCount, formatNumber, plural } from "../format";
import type { Goal } from "../goals";
import { Failure, Outline } from "../parts/Note";
import { cellOf, widthOf } from "./Cell";
import { type GridCell, type GridColumn, RowGrid } from "./RowGrid";
import type { JoinSource } from "./source";
import styles from "./tables.module.css";
import { usePages } from "./usePages";

type Row = JoinPage["rows"][number];
type Only = "" | "changed" | "worse" | "better" | "left" | "right";
type Props = { source: JoinSource; /** The columns of both. */ available: readonly TableColumn[]; left: string; right: string; label?: string; height?: number };

const KEYS = /^(id|key|name|index|uid|uuid|file|path|example|row)$/i;

/** A column that names its rows, by what it is called; else the first that could. */
export const likelyKey = (columns: readonly TableColumn[]): string => (columns.find(({ name }) => KEYS.test(name)) ?? columns.find(({ type }) => type !== "media") ?? columns[0])?.name ?? "";

const GROWS = /acc|precision|recall|f1|score|correct|auc|iou|bleu|rouge/i;

/** What is better where nobody has said it: by what the column is called. One can turn it round. */
export const likelyGoal = (column: string): Goal => (GROWS.test(column) ? "max" : "min");

export function JoinView({ source, available, left, right, label = "Differences", height = 480 }: Props) {
  const [key, setKey] = useState(() => likelyKey(available));
  const measures = available.filter(({ name, type }) => (type === "number" || type === "boolean") && name !== key);
  const [chosenBy, setBy] = useState<string | null>(null);
  const by = measures.find(({ name }) => name === chosenBy)?.name ?? measures.find(({ name }) => /loss|error|score|acc/i.test(name))?.name ?? measures[0]?.name ?? "";
  const [chosenGoal, setGoal] = useState<Goal | null>(null);
  const goal = chosenGoal ?? likelyGoal(by);
  const [only, setOnly] = useState<Only>("");
  const isOrdered = by !== "";
  const wanted = (only === "worse" || only === "better") && !isOrdered ? "" : only;
  const query = {
    on: [key],
    only: wanted === "" ? null : wanted,
    order_by: isOrdered ? { column: by, goal, change: wanted === "better" ? ("better" as const) : ("worse" as const) } : null,
  };
  const pages = usePages<JoinPage, Row>([source.key, query], (offset, limit, asking) => source.post({ ...query, offset, limit }, asking), ({ rows }) => rows);
  const page = pages.head;
  const tools = (
    <div className={styles["tools"]}>
      <Choice label="Key" value={key} names={available.filter(({ type }) => type !== "media").map(({ name }) => name)} onChange={setKey} />
      {isOrdered && (
        <>
          <Choice label="Compare by" value={by} names={measures.map(({ name }) => name)} onChange={(name) => { setBy(name); setGoal(null); }} />
          <label>
            Better is{" "}
            <select value={goal} onChange={(event) => { setGoal(event.target.value === "max" ? "max" : "min"); }}>
              <option value="min">lower</option>
              <option value="max">higher</option>
            </select>
          </label>
          <label>
            <input type="checkbox" checked={wanted === "worse"} onChange={(event) => { setOnly(event.target.checked ? "worse" : ""); }} /> Only what got worse
          </label>
        </>
      )}
      <label>
        Rows{" "}
        <select value={wanted} onChange={(event) => { setOnly(onlyOf(event.target.value)); }}>
          <option value="">all</option>
          <option value="changed">that differ</option>
          {isOrdered && <option value="worse">that got worse</option>}
          {isOrdered && <option value="better">that got better</option>}
          <option value="left">only in {left}</option>
          <option value="right">only in {right}</option>
        </select>
      </label>
    </div>
  );
  return (
    <section className={styles["view"]} aria-label={label}>
      {tools}
      {pages.error !== null && <Failure what="These tables cannot be compared so." error={pages.error} onRetry={pages.retry} />}
      {page === undefined && pages.error === null && <Outline lines={6} label="Comparing the tables" />}
      {page !== undefined && pages.error === null && (
        <>
          <p role="status" className="small">{countsText(page, by, left, right)}</p>
          {page.notes.map((note) => <p key={note} className="muted small">{note}</p>)}
          <RowGrid
            label={label}
            columns={columnsOf(page, left, right)}
            count={page.match_count}
            cellsAt={(index) => { const row = pages.rowAt(index); return row === undefined ? null : cellsOf(row, page, by, goal); }}
            onRange={pages.onRange}
            isBusy={pages.isFetching}
            isTall={[...page.on, ...page.columns].some(({ type }) => type === "media")}
            height={height}
            of={JSON.stringify([source.key, query])}
          />
          {page.is_cut && <p className="muted small">One of the files has more rows, which are not read.</p>}
        </>
      )}
    </section>
  );
}

function Choice({ label, value, names, onChange }: { label: string; value: string; names: readonly string[]; onChange: (name: string) => void }) {
  return (
    <label>
      {label}{" "}
      <select value={value} onChange={(event) => { onChange(event.target.value); }}>
        {names.slice(0, 300).map((name) => <option key={name} value={name}>{name}</option>)}
      </select>
    </label>
  );
}

const ONLY: readonly Only[] = ["", "changed", "worse", "better", "left", "right"];

const onlyOf = (text: string): Only => ONLY.find((only) => only === text) ?? "";

function countsText({ counts }: JoinPage, by: string, left: string, right: string): string {
  const parts = [`${plural(counts.both, "row")} in both, ${formatCount(counts.changed)} of them differ`];
  if (counts.worse !== null && counts.better !== null) parts.push(`by ${by}, ${formatCount(counts.worse)} got worse and ${formatCount(counts.better)} better`);
  if (counts.left > 0) parts.push(`${formatCount(counts.left)} only in ${left}`);
  if (counts.right > 0) parts.push(`${formatCount(counts.right)} only in ${right}`);
  return `${parts.join("; ")}.`;
}

const hasChange = (page: JoinPage, { name, type }: TableColumn): boolean => type === "number" && page.left_columns.includes(name) && page.right_columns.includes(name);

function columnsOf(page: JoinPage, left: string, right: string): GridColumn[] {
  const keys = page.on.map(({ name, type }) => ({ id: `key ${name}`, head: <bdi>{name}</bdi>, width: widthOf(type) }));
  const pairs = page.columns.flatMap((column) => {
    const { name, type } = column;
    const [width, isNumber] = [widthOf(type), type === "number"];
    const sides = [
      ...(page.left_columns.includes(name) ? [{ id: `left ${name}`, head: <bdi title={`${name} of ${left}`}>{name}: {left}</bdi>, width, isNumber }] : []),
      ...(page.right_columns.includes(name) ? [{ id: `right ${name}`, head: <bdi title={`${name} of ${right}`}>{name}: {right}</bdi>, width, isNumber }] : []),
    ];
    return hasChange(page, column) ? [...sides, { id: `change ${name}`, head: <bdi>{name}: change</bdi>, width: 120, isNumber }] : sides;
  });
  return [...keys, ...pairs];
}

function cellsOf(row: Row, page: JoinPage, by: string, goal: Goal): GridCell[] {
  const keys = page.on.map(({ type }, index) => cellOf(row.key[index], type));
  const rest = page.columns.flatMap((column, index) => {
    const { name, type } = column;
    const mark = row.differs[index] === true ? ("changed" as const) : undefined;
    const sides: GridCell[] = [];
    if (page.left_columns.includes(name)) sides.push(row.left === null ? NOTHING : cellOf(row.left[index], type));
    if (page.right_columns.includes(name)) sides.push(row.right === null ? NOTHING : { ...cellOf(row.right[index], type), mark });
    if (hasChange(page, column)) sides.push(changeCell(row.changes[index] ?? null, name === by ? goal : null));
    return sides;
  });
  return [...keys, ...rest];
}

const NOTHING: GridCell = { content: "" };

function changeCell(change: number | null, goal: Goal | null): GridCell {
  if (change === null) return NOTHING;
  const text = `${change > 0 ? "+" : ""}${formatNumber(change)}`;
  const isBetter = goal === "max" ? change > 0 : change < 0;
  return { content: <bdi>{text}</bdi>, title: text, mark: goal === null || change === 0 ? undefined : isBetter ? "better" : "worse" };
}
