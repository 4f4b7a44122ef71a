/** The outline of an ONNX graph. */

import type { Preview } from "../api";
import { formatCount, plural } from "../format";
import { Facts } from "./Facts";
import styles from "./previews.module.css";

type Onnx = NonNullable<Preview["onnx"]>;

export function Graph({ graph }: { graph: Onnx }) {
  return (
    <>
      <p>
        <strong>{plural(graph.node_count, "node")}, {plural(graph.weight_count, "weight")} of {formatCount(graph.number_count)} numbers</strong>{" "}
        <span className="muted">
          {[graph.graph, graph.producer === "" ? "" : `by ${graph.producer}`, `IR ${String(graph.ir_version)}`, ...graph.opsets.map(({ domain, version }) => `${domain} ${String(version)}`)].filter((one) => one !== "").join(" · ")}
        </span>
      </p>
      {graph.weights_elsewhere > 0 && <p className={styles["note"]}>{plural(graph.weights_elsewhere, "weight lies", "weights lie")} in files beside this one.</p>}
      <Values title="Inputs" values={graph.inputs} />
      <Values title="Outputs" values={graph.outputs} />
      <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Operators">
        <table className={styles["table"]}>
          <thead><tr><th scope="col">operator</th><th scope="col" className="number">nodes</th></tr></thead>
          <tbody>{graph.operators.map(({ name, count }) => <tr key={name}><th scope="row"><bdi>{name}</bdi></th><td className="number">{formatCount(count)}</td></tr>)}</tbody>
        </table>
      </div>
      <Facts title="Metadata" facts={graph.metadata} />
    </>
  );
}

function Values({ title, values }: { title: string; values: Onnx["inputs"] }) {
  if (values.length === 0) return null;
  return (
    <div className={styles["scroll"]} tabIndex={0} role="region" aria-label={title}>
      <table className={styles["table"]}>
        <thead><tr><th scope="col">{title.toLowerCase()}</th><th scope="col">type</th><th scope="col">shape</th></tr></thead>
        <tbody>
          {values.map((one, index) => (
            <tr key={index}>
              <th scope="row"><bdi>{one.name}</bdi></th>
              <td className="mono">{one.type}</td>
              <td className="mono">{one.shape === null ? "" : one.shape.length === 0 ? "scalar" : one.shape.map((size) => (size === null ? "?" : String(size))).join(" × ")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
