/** The tensors in a file, by their header. */

import { useState } from "react";
import type { Preview } from "../api";
import { formatBytes, formatCount, plural } from "../format";
import { useFew } from "../parts/useFew";
import { Facts } from "./Facts";
import styles from "./previews.module.css";

const AT_ONCE = 200;

export function TensorList({ found }: { found: NonNullable<Preview["tensors"]> }) {
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const matching = found.tensors.filter(({ name, dtype }) => name.toLowerCase().includes(wanted) || dtype.toLowerCase() === wanted);
  const { shown, more } = useFew(matching, AT_ONCE);
  const listed = found.tensors.length;
  return (
    <>
      <div className={styles["tools"]}>
        <strong>{plural(found.tensor_count, "tensor")}, {formatCount(found.number_count)} numbers, {formatBytes(found.size_bytes)}</strong>
        {listed > 10 && <input type="search" aria-label="Find a tensor" placeholder="Find a tensor" value={text} onChange={(event) => { setText(event.target.value); }} />}
        {wanted !== "" && <span className="muted">{plural(matching.length, "match", "matches")}</span>}
      </div>
      <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Tensors">
        <table className={styles["table"]}>
          <thead><tr><th scope="col">name</th><th scope="col">type</th><th scope="col">shape</th><th scope="col" className="number">size</th></tr></thead>
          <tbody>
            {shown.map((one, index) => (
              <tr key={index}>
                <th scope="row"><bdi>{one.name}</bdi></th>
                <td className="mono">{one.dtype}</td>
                <td className="mono">{one.shape.length === 0 ? "scalar" : one.shape.map(formatCount).join(" × ")}</td>
                <td className="number">{one.size_bytes === null ? "?" : formatBytes(one.size_bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {more}
      </div>
      {listed < found.tensor_count && <p className="muted small">The first {formatCount(listed)} are listed.</p>}
      <Facts title="Metadata" facts={found.metadata} />
    </>
  );
}
