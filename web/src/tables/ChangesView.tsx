/** What became of the rows of a file from one version to another: added, removed, changed. */

import { useState } from "react";
import type { TableChanges } from "../api";
import { formatCount, plural } from "../format";
import { Failure, Outline } from "../parts/Note";
import { cellOf, widthOf } from "./Cell";
import { type GridCell, RowGrid } from "./RowGrid";
import type { ChangesSource } from "./source";
import styles from "./tables.module.css";
import { usePages } from "./usePages";

type Row = TableChanges["rows"][number];
type Props = { source: ChangesSource; label?: string; height?: number };

export function ChangesView({ source, label = "Changed rows", height = 420 }: Props) {
  const [key, setKey] = useState("");
  const query = { on: key === "" ? [] : [key] };
  const pages = usePages<TableChanges, Row>([source.key, query], (offset, limit, asking) => source.post({ ...query, offset, limit }, asking), ({ rows }) => rows);
  const page = pages.head;
  if (page === undefined) return pages.error !== null ? <Failure what="The rows of this file cannot be compared." error={pages.error} onRetry={pages.retry} /> : <Outline lines={5} label="Comparing the rows" />;
  const common = page.columns.filter(({ name, type }) => type !== "media" && !page.added_columns.includes(name) && !page.removed_columns.includes(name));
  return (
    <section className={styles["view"]} aria-label={label}>
      <div className={styles["tools"]}>
        <label>
          Rows are the same by{" "}
          <select value={key} onChange={(event) => { setKey(event.target.value); }}>
            <option value="">all their values</option>
            {common.map(({ name }) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
        <span role="status" className="small">{countsText(page)}</span>
      </div>
      {[...page.notes, ...columnNotes(page)].map((note) => <p key={note} className="muted small">{note}</p>)}
      <RowGrid
        label={label}
        columns={[{ id: "\0kind", head: "Change", width: 100 }, ...page.columns.map(({ name, type }) => ({ id: name, head: <bdi>{name}</bdi>, width: widthOf(type), isNumber: type === "number" }))]}
        count={page.match_count}
        cellsAt={(index) => { const row = pages.rowAt(index); return row === undefined ? null : cellsOf(row, page); }}
        onRange={pages.onRange}
        isBusy={pages.isFetching}
        isTall={page.columns.some(({ type }) => type === "media")}
        height={height}
        of={JSON.stringify([source.key, query])}
      />
    </section>
  );
}

const countsText = ({ added, removed, changed, unchanged }: TableChanges): string =>
  `${plural(added, "row")} added, ${formatCount(removed)} removed, ${formatCount(changed)} changed, ${formatCount(unchanged)} as before.`;

const columnNotes = ({ added_columns, removed_columns, is_cut }: TableChanges): string[] => [
  ...(added_columns.length > 0 ? [`New columns: ${added_columns.slice(0, 20).join(", ")}`] : []),
  ...(removed_columns.length > 0 ? [`Columns that are gone: ${removed_columns.slice(0, 20).join(", ")}`] : []),
  ...(is_cut ? ["One of the versions has more rows, which are not read."] : []),
];

function cellsOf(row: Row, page: TableChanges): GridCell[] {
  const values = page.columns.map(({ type }, index): GridCell => {
    const [before, after] = [row.before?.[index], row.after?.[index]];
    if (row.differs[index] !== true) return cellOf(row.after === null ? before : after, type);
    const [was, is] = [cellOf(before, type), cellOf(after, type)];
    return { content: <bdi><del>{was.content}</del> {is.content}</bdi>, title: `${was.title ?? ""} → ${is.title ?? ""}`, mark: "changed" };
  });
  return [{ content: row.kind, mark: row.kind === "removed" ? "worse" : row.kind === "added" ? "better" : "changed" }, ...values];
}
