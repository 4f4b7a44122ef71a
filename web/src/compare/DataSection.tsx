/** The data that the runs read: which version each, and of those that differ the files and rows; pointers of other tools. */

import { useQuery } from "@tanstack/react-query";
import type { Comparison, DataComparison } from "../api";
import styles from "../artifacts/Artifacts.module.css";
import { ChangedFiles } from "../artifacts/ChangedFiles";
import { ArtifactLink } from "../artifacts/links";
import { totalsText } from "../artifacts/totals";
import { formatBytes, formatCount, plural } from "../format";
import { Failure } from "../parts/Note";
import { queries } from "../queries";
import tables from "../run/Tables.module.css";

const MOST_RUNS = 12;

/** Nothing where no run has read data that is known. */
export function DataSection({ comparison, project, baseline }: { comparison: Comparison; project: string; baseline: string }) {
  const others = comparison.runs.map(({ id }) => id).filter((id) => id !== baseline);
  const asked = baseline === "" ? [] : [baseline, ...others].slice(0, MOST_RUNS);
  const query = useQuery(queries.dataOf(project, asked));
  if (query.data === undefined) return query.error === null ? null : <Failure what="The data of the runs could not be compared." error={query.error} onRetry={() => void query.refetch()} />;
  const { artifacts, pointers, pointers_left_out: leftOut } = query.data;
  if (artifacts.length === 0 && pointers.length === 0) return null;
  const names = new Map(comparison.runs.map(({ id, name }) => [id, name]));
  const runs = query.data.runs.map((id) => names.get(id) ?? id);
  return (
    <section className={styles["data"]} aria-label="Data">
      <h2>Data</h2>
      {artifacts.map((row) => <Artifact key={`${row.project} ${row.name}`} row={row} runs={runs} names={names} />)}
      {pointers.length > 0 && <Pointers rows={pointers} runs={runs} leftOut={leftOut} />}
    </section>
  );
}

type Row = DataComparison["artifacts"][number];

function Artifact({ row, runs, names }: { row: Row; runs: readonly string[]; names: ReadonlyMap<string, string> }) {
  const { project, name, kind, read, changes } = row;
  return (
    <article aria-label={name}>
      <h3><bdi>{name}</bdi> <span className="muted">{kind}{row.is_different ? "" : " · the same in all"}</span></h3>
      <ul>
        {read.map((versions, index) => (
          <li key={index} className="sentence">
            <bdi>{runs[index]}</bdi> <span className="muted">read</span>{" "}
            {versions.length === 0 ? <span className="muted">no version of it</span> : versions.map((one, at) => (
              <span key={one.id}>{at > 0 && ", "}<ArtifactLink artifact={{ project, name, version: one.version }} /> <span className="muted">{plural(one.file_count, "file")}, {formatBytes(one.size_bytes)}{one.is_deleted ? ", in the trash" : ""}</span></span>
            ))}
          </li>
        ))}
      </ul>
      {changes.map((change, index) => (
        <div key={change.run}>
          <p>To what <bdi>{names.get(change.run) ?? change.run}</bdi> read: {totalsText(change.totals)}</p>
          {change.changes.length > 0 && <ChangedFiles version={change.version} since={change.since} changes={change.changes} isOpen={index === 0} />}
        </div>
      ))}
    </article>
  );
}

function Pointers({ rows, runs, leftOut }: { rows: DataComparison["pointers"]; runs: readonly string[]; leftOut: number }) {
  return (
    <article aria-label="Data by DVC">
      <h3>Data by DVC</h3>
      <div className={tables["scroll"]} tabIndex={0} role="region" aria-label="Pointers of DVC">
        <table className={`${tables["table"] ?? ""} ${styles["changed"] ?? ""}`}>
          <thead>
            <tr>
              <th scope="col">path</th>
              {runs.map((run, index) => <th key={index} scope="col"><bdi>{run}</bdi></th>)}
              <th scope="col">differs</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ path, pointers, is_different: isDifferent }) => (
              <tr key={path}>
                <th scope="row"><bdi>{path}</bdi></th>
                {pointers.map((one, index) => (
                  <td key={index}>
                    {one === null ? <span className="muted">not there</span> : (
                      <>
                        <code title={`${one.algorithm ?? ""} ${one.hash}, of ${one.source ?? ""}`}>{one.hash.slice(0, 12)}</code>{" "}
                        {one.size_bytes != null && <span className="muted">{formatBytes(one.size_bytes)}</span>}
                      </>
                    )}
                  </td>
                ))}
                <td>{isDifferent ? "differs" : <span className="muted">same</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {leftOut > 0 && <p className="muted small">and {formatCount(leftOut)} more</p>}
    </article>
  );
}
