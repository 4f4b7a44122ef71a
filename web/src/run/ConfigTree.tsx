/** A config of any depth, as a tree that can be searched and copied. */

import { useMemo, useState } from "react";
import { formatValue } from "../format";
import { CopyButton } from "../parts/Code";
import styles from "./ConfigTree.module.css";
import tables from "./Tables.module.css";
import { type Node, found, treeOf } from "./configTree";

export function ConfigTree({ config }: { config: Record<string, unknown> }) {
  const [text, setText] = useState("");
  const tree = useMemo(() => treeOf(config), [config]);
  const shown = found(tree, text);
  return (
    <section className={tables["section"]} aria-label="Config">
      <div className={tables["title"]}>
        <h2>Config</h2>
        <span className={tables["tools"]}>
          <input type="search" aria-label="Find in the config" placeholder="Find" value={text} onChange={(event) => { setText(event.target.value); }} />
          <CopyButton text={JSON.stringify(config, null, 2)} label="Copy config as JSON" />
        </span>
      </div>
      {shown.length === 0 ? (
        <p className="muted">{text === "" ? "No config was given." : `Nothing in the config matches “${text}”.`}</p>
      ) : (
        <div className={styles["tree"]} tabIndex={0} role="region" aria-label="Config values">
          <Level nodes={shown} isSearch={text !== ""} />
        </div>
      )}
    </section>
  );
}

function Level({ nodes, isSearch }: { nodes: readonly Node[]; isSearch: boolean }) {
  return (
    <ul className={styles["level"]}>
      {nodes.map((node) => (
        <li key={node.path}>
          {node.kind === "leaf" ? (
            <div className={styles["leaf"]}>
              <bdi title={node.path}>{node.name}</bdi>
              <span className={styles["value"]} data-type={typeof node.value} title={typeof node.value === "number" ? String(node.value) : undefined}>
                {formatValue(node.value)}
              </span>
            </div>
          ) : (
            <details open={isSearch || node.count <= 12} key={String(isSearch)}>
              <summary>
                <bdi>{node.name}</bdi> <span className="muted">{node.count}</span>
              </summary>
              <Level nodes={node.children} isSearch={isSearch} />
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}
