/** What an archive lists. Its sizes are what it says itself. */

import { useState } from "react";
import type { Preview } from "../api";
import { formatBytes, formatCount, plural } from "../format";
import { useFew } from "../parts/useFew";
import styles from "./previews.module.css";

const AT_ONCE = 200;

export function ArchiveList({ archive }: { archive: NonNullable<Preview["archive"]> }) {
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const matching = archive.entries.filter(({ path }) => path.toLowerCase().includes(wanted));
  const { shown, more } = useFew(matching, AT_ONCE);
  return (
    <>
      <div className={styles["tools"]}>
        <strong>{plural(archive.entries.length, "entry", "entries")}{archive.is_cut && " and more"}, {formatBytes(archive.size_bytes)} unpacked</strong>
        {archive.entries.length > 10 && <input type="search" aria-label="Find in the archive" placeholder="Find" value={text} onChange={(event) => { setText(event.target.value); }} />}
        {wanted !== "" && <span className="muted">{formatCount(matching.length)}</span>}
      </div>
      <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Archive">
        <table className={styles["table"]}>
          <thead><tr><th scope="col">path</th><th scope="col" className="number">size</th><th scope="col" className="number">packed</th></tr></thead>
          <tbody>
            {shown.map((entry, index) => (
              <tr key={index}>
                <th scope="row"><bdi>{entry.path}</bdi>{entry.link !== "" && <span className="muted"> → <bdi>{entry.link}</bdi></span>}</th>
                <td className="number">{entry.kind === "file" ? formatBytes(entry.size_bytes) : entry.kind}</td>
                <td className="number">{entry.packed_bytes === null ? "" : formatBytes(entry.packed_bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {more}
      </div>
    </>
  );
}
