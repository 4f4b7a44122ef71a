/** Of a table in two versions, the rows that differ: added, removed, and, where a column says which row is which, changed.
 *  The server names that column where it finds one; it can be another, or none. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { RowChangesPage } from "../api";
import { formatCount, formatValue } from "../format";
import { Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import tables from "../run/Tables.module.css";
import styles from "./Artifacts.module.css";

const ROWS = 100;

export function RowChanges({ version, since, path }: { version: number; since: number; path: string }) {
  const [key, setKey] = useState<string | null>(null);
  const query = useQuery(queries.rowChanges(version, { since, path, on: key === null ? null : key === "" ? [] : [key], limit: ROWS }));
  if (query.data === undefined) return query.error === null ? <Outline lines={3} /> : <Failure what="The rows could not be compared." error={query.error} onRetry={() => void query.refetch()} />;
  const { on, columns, added, removed, changed, unchanged, rows, match_count: count, notes } = query.data;
  return (
    <section aria-label={`Rows of ${path} that differ`}>
      <p>
        <strong>{formatCount(added)} rows added, {formatCount(removed)} removed, {formatCount(changed)} changed</strong> <span className="muted">{formatCount(unchanged)} the same</span>{" "}
        <label>
          A row is known by{" "}
          <select value={key ?? on[0] ?? ""} onChange={(event) => { setKey(event.target.value); }}>
            <option value="">all its values</option>
            {columns.map(({ name }) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
      </p>
      {key === null && on.length > 0 && <p className="muted small">Rows are matched by <bdi>{on[0]}</bdi>, which by its name says which row is which and is another in every row of both versions.</p>}
      {notes.map((note) => <p key={note} className="muted small">{note}</p>)}
      {rows.length > 0 && <Rows page={query.data} />}
      {count > rows.length && <p className="muted small">The first {formatCount(rows.length)} of {formatCount(count)}.</p>}
    </section>
  );
}

const SIGNS = { added: "+", removed: "−", changed: "~" } as const;

function Rows({ page: { columns, rows } }: { page: RowChangesPage }) {
  return (
    <div className={styles["rowTable"]} tabIndex={0} role="region" aria-label="Rows that differ">
      <table className={tables["table"]}>
        <thead>
          <tr>
            <th scope="col"><span className="visually-hidden">change</span></th>
            {columns.map(({ name }) => <th key={name} scope="col"><bdi>{name}</bdi></th>)}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ kind, before, after, differs }, index) => (
            <tr key={index}>
              <th scope="row" title={kind}><span aria-hidden="true">{SIGNS[kind]}</span><span className="visually-hidden">{kind}</span></th>
              {columns.map(({ name }, column) => (
                <td key={name}>
                  {before !== null && (after === null || differs[column] === true) && <del>{formatValue(before[column])}</del>}{" "}
                  {after !== null && (before === null || differs[column] === true ? <ins>{formatValue(after[column])}</ins> : formatValue(after[column]))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
