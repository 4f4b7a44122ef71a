/** Files that differ between two versions, each with its sizes; a table opens to the rows that differ. */

import { Fragment, Suspense, lazy, useState } from "react";
import type { FileChange } from "../api";
import { formatBytes } from "../format";
import { Outline } from "../parts/Note";
import { useFew } from "../parts/useFew";
import tables from "../run/Tables.module.css";
import styles from "./Artifacts.module.css";

const RowChanges = lazy(() => import("./RowChanges").then((module) => ({ default: module.RowChanges })));

const SHOWN = 100;
const TABLES = /\.(csv|tsv|parquet|jsonl|ndjson|table\.json)$/i;
const SIGNS: Record<FileChange["change"], string> = { added: "+", removed: "−", changed: "~" };

type Props = { version: number; since: number; changes: readonly FileChange[]; isOpen?: boolean };

/** With `isOpen` the first table shows its rows at once. */
export function ChangedFiles({ version, since, changes, isOpen = false }: Props) {
  const { shown, more } = useFew(changes, SHOWN);
  const first = isOpen ? (changes.find(hasRows)?.path ?? null) : null;
  const [opened, setOpened] = useState<string | null>(first);
  return (
    <div className={styles["changes"]} tabIndex={0} role="region" aria-label="Changed files">
      <table className={`${tables["table"] ?? ""} ${styles["changed"] ?? ""}`}>
        <thead>
          <tr>
            <th scope="col">file</th>
            <th scope="col">change</th>
            <th scope="col" className="number">before</th>
            <th scope="col" className="number">now</th>
            <th scope="col"><span className="visually-hidden">Rows</span></th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <Fragment key={one.path}>
              <tr>
                <th scope="row"><bdi>{one.path}</bdi></th>
                <td data-change={one.change}><span aria-hidden="true">{SIGNS[one.change]} </span>{one.change}</td>
                <td className="number">{one.old_size_bytes === null ? "" : formatBytes(one.old_size_bytes)}</td>
                <td className="number">{one.size_bytes === null ? "" : formatBytes(one.size_bytes)}</td>
                <td>
                  {hasRows(one) && (
                    <button type="button" data-look="link" aria-expanded={opened === one.path} onClick={() => { setOpened(opened === one.path ? null : one.path); }}>
                      {opened === one.path ? "Hide rows" : "Show rows"}<span className="visually-hidden"> of {one.path}</span>
                    </button>
                  )}
                </td>
              </tr>
              {opened === one.path && (
                <tr>
                  <td colSpan={5} className={styles["rows"]}>
                    <Suspense fallback={<Outline lines={3} />}>
                      <RowChanges version={version} since={since} path={one.path} />
                    </Suspense>
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
      {more}
    </div>
  );
}

/** Whether it is a table in both, whose bytes are here. */
const hasRows = ({ path, change, reference, old_reference: old }: FileChange) => change === "changed" && TABLES.test(path) && reference === "" && old === "";
