/** A config of any depth, as a tree that can be searched, copied, and held against that of another run. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { type RunDetail, reasonOf } from "../api";
import { formatValue } from "../format";
import { CodeBlock, CopyButton } from "../parts/Code";
import { queries } from "../queries";
import styles from "./ConfigTree.module.css";
import { OtherRunField } from "./OtherRunField";
import tables from "./Tables.module.css";
import { type Node, differencesOf, found, treeOf } from "./configTree";

/** Without a run there is nothing to hold it against. */
export function ConfigTree({ config, run }: { config: Record<string, unknown>; run?: RunDetail }) {
  const [text, setText] = useState("");
  const [isRaw, setIsRaw] = useState(false);
  const { against, choose } = useAgainst(run !== undefined);
  const other = useQuery({ ...queries.run(against ?? ""), enabled: against !== null });
  const tree = useMemo(() => (against === null || other.data === undefined ? treeOf(config) : differencesOf(config, other.data.config_tree)), [config, against, other.data]);
  const shown = found(tree, text);
  const json = JSON.stringify(config, null, 2);
  return (
    <section className={tables["section"]} aria-label="Config">
      <div className={tables["title"]}>
        <h2>Config</h2>
        <span className={tables["tools"]}>
          {run !== undefined && <OtherRunField run={run} label="Only what differs from" none="all of it" chosen={against} onChoose={choose} />}
          <input type="search" aria-label="Find in the config" placeholder="Find" value={text} onChange={(event) => { setText(event.target.value); }} />
          <button type="button" data-look="plain" aria-pressed={isRaw} onClick={() => { setIsRaw(!isRaw); }}>raw</button>
          <CopyButton text={json} label="Copy config as JSON" />
        </span>
      </div>
      {other.error !== null && <p className={styles["bad"]} role="alert">That run could not be fetched: {reasonOf(other.error)}</p>}
      {other.data !== undefined && against !== null && <p className="muted small">Only what differs from <bdi>{other.data.name}</bdi>, whose values stand behind the arrows.</p>}
      {isRaw ? <CodeBlock text={json} label="Config as JSON" /> : shown.length === 0 ? (
        <p className="muted">{text !== "" ? `Nothing in the config matches “${text}”.` : against !== null && other.data !== undefined ? "The two configs are the same." : "No config was given."}</p>
      ) : (
        <div className={styles["tree"]} tabIndex={0} role="region" aria-label="Config values">
          <Level nodes={shown} isOpen={text !== "" || against !== null} />
        </div>
      )}
    </section>
  );
}

/** The run whose config this one is held against stands in the address. */
function useAgainst(isOffered: boolean): { against: string | null; choose: (id: string | null) => void } {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  return {
    against: isOffered ? (search["against"] ?? null) : null,
    choose: (id) => { void navigate({ to: ".", search: (now: Record<string, string | undefined>) => ({ ...now, against: id ?? undefined }), resetScroll: false }); },
  };
}

function Level({ nodes, isOpen }: { nodes: readonly Node[]; isOpen: boolean }) {
  return (
    <ul className={styles["level"]}>
      {nodes.map((node) => (
        <li key={node.path}>
          {node.kind === "leaf" ? (
            <div className={styles["leaf"]}>
              <bdi title={node.path}>{node.name}</bdi>
              <span className={styles["value"]} data-type={typeof node.value} title={typeof node.value === "number" ? String(node.value) : undefined}>
                {formatValue(node.value)}
                {node.was !== undefined && <span className="muted"> <span aria-hidden="true">←</span><span className="visually-hidden">there</span> {node.was}</span>}
              </span>
            </div>
          ) : (
            <details open={isOpen || node.count <= 12} key={String(isOpen)}>
              <summary>
                <bdi>{node.name}</bdi> <span className="muted">{node.count}</span>
              </summary>
              <Level nodes={node.children} isOpen={isOpen} />
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}
