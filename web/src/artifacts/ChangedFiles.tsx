/** Files that differ between two versions, each with its sizes; a table opens to the rows that differ, a text to its lines. */

import { Fragment, Suspense, lazy, useState } from "react";
import type { FileChange } from "../api";
import { formatFileBytes } from "../format";
import { Outline } from "../parts/Note";
import { useFew } from "../parts/useFew";
import tables from "../run/Tables.module.css";
import styles from "./Artifacts.module.css";

const RowChanges = lazy(() => import("./RowChanges").then((module) => ({ default: module.RowChanges })));

const TextChanges = lazy(() => import("./TextChanges").then((module) => ({ default: module.TextChanges })));

const SHOWN = 100;
const TABLES = /\.(csv|tsv|parquet|jsonl|ndjson|table\.json)$/i;
/** What is never text, by its name. Of any other file the server says by its bytes whether it has lines. */
const BYTES = /\.(7z|aac|arrow|avif|bin|bmp|bz2|ckpt|dll|dylib|exe|feather|flac|gguf|gif|gz|h5|hdf5|ico|joblib|jpe?g|m4a|mkv|mov|mp[34]|npy|npz|og[gv]|onnx|pdf|pickle|pkl|png|pq|pt|pth|pyc|safetensors|so|sqlite3?|tar|tgz|tiff?|wav|webm|webp|whl|xlsx?|xz|zip|zst)$/i;
const SIGNS: Record<FileChange["change"], string> = { added: "+", removed: "−", changed: "~" };

type Props = { version: number; since: number; changes: readonly FileChange[]; isOpen?: boolean };

/** With `isOpen` the first table shows its rows at once. */
export function ChangedFiles({ version, since, changes, isOpen = false }: Props) {
  const { shown, more } = useFew(changes, SHOWN);
  const first = isOpen ? (changes.find((one) => partsOf(one) === "rows")?.path ?? null) : null;
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
            <th scope="col"><span className="visually-hidden">What differs in it</span></th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => {
            const parts = partsOf(one);
            return (
            <Fragment key={one.path}>
              <tr>
                <th scope="row"><bdi>{one.path}</bdi></th>
                <td data-change={one.change}><span aria-hidden="true">{SIGNS[one.change]} </span>{one.change}</td>
                <td className="number">{one.old_size_bytes !== null && formatFileBytes({ digest: one.old_digest ?? "", size_bytes: one.old_size_bytes })}</td>
                <td className="number">{one.size_bytes !== null && formatFileBytes({ digest: one.digest ?? "", size_bytes: one.size_bytes })}</td>
                <td>
                  {parts !== null && (
                    <button type="button" data-look="link" aria-expanded={opened === one.path} onClick={() => { setOpened(opened === one.path ? null : one.path); }}>
                      {opened === one.path ? "Hide" : "Show"} {parts}<span className="visually-hidden"> of {one.path}</span>
                    </button>
                  )}
                </td>
              </tr>
              {opened === one.path && (
                <tr>
                  <td colSpan={5} className={styles["rows"]}>
                    <Suspense fallback={<Outline lines={3} />}>
                      {parts === "rows" ? <RowChanges version={version} since={since} path={one.path} /> : <TextChanges version={version} since={since} path={one.path} />}
                    </Suspense>
                  </td>
                </tr>
              )}
            </Fragment>
            );
          })}
        </tbody>
      </table>
      {more}
    </div>
  );
}

/** Of a file whose bytes are here in both versions, what it is compared by; null where only its bytes differ. */
function partsOf({ path, change, reference, old_reference: old }: FileChange): "rows" | "lines" | null {
  if (change !== "changed" || reference !== "" || old !== "") return null;
  return TABLES.test(path) ? "rows" : BYTES.test(path) ? null : "lines";
}
