/** Where a version or a run comes from and what came of it: as a graph, or as a table of its arrows. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { LineageEdge, LineageGraph, LineageNode, LineageSubject } from "../api";
import { Icon, type IconName } from "../parts/Icon";
import { Failure, Outline } from "../parts/Note";
import { RunLink } from "../parts/Run";
import { Ago } from "../parts/Time";
import { queries } from "../queries";
import tables from "../run/Tables.module.css";
import styles from "./LineageSection.module.css";
import { type Fold, type Folded, folded } from "./lineageFolds";
import { NODE, layOut } from "./lineageLayout";

const ICONS: Record<LineageNode["kind"], IconName> = { artifact: "file", run: "play", version: "cube", alias: "tag" };
const WORDS: Record<LineageEdge["kind"], string> = { made: "made", registered: "registered as", holds: "holds", read: "read by" };

/** What of a node is told first, in the table. */
const ORDER: Record<LineageEdge["kind"], number> = { made: 0, registered: 0, holds: 1, read: 2 };

/** Where a graph of boxes has no room. */
const isNarrow = () => window.matchMedia("(max-width: 560px)").matches;

export function LineageSection({ subject }: { subject: LineageSubject }) {
  const query = useQuery(queries.lineage(subject));
  const [look, setLook] = useState<"graph" | "table">(isNarrow() ? "table" : "graph");
  return (
    <section className={styles["section"]} aria-label="Lineage">
      <div className={styles["title"]}>
        <h2>Lineage</h2>
        <div role="group" aria-label="Show the lineage as" className={styles["looks"]}>
          <button type="button" aria-pressed={look === "graph"} onClick={() => { setLook("graph"); }}>Graph</button>
          <button type="button" aria-pressed={look === "table"} onClick={() => { setLook("table"); }}>Table</button>
        </div>
      </div>
      {query.error !== null && query.data === undefined && <Failure what="The lineage could not be fetched." error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Outline lines={3} />}
      {query.data !== undefined && (
        <>
          <Folds graph={query.data} look={look} />
          {query.data.is_cut && <p className="muted small">There is more than this shows: the nearest and newest {query.data.limit}.</p>}
          {subject.kind === "version" && <Users graph={query.data} />}
        </>
      )}
    </section>
  );
}

/** Alike nodes stand as one until one asks for them. */
function Folds({ graph, look }: { graph: LineageGraph; look: "graph" | "table" }) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(NONE);
  const shown = useMemo(() => folded(graph, opened), [graph, opened]);
  const open = (id: string) => { setOpened(new Set([...opened, id])); };
  return (
    <>
      {opened.size > 0 && <p><button type="button" data-look="link" onClick={() => { setOpened(NONE); }}>Fold alike ones again</button></p>}
      {look === "graph" ? <Graph graph={{ ...graph, ...shown }} onOpen={open} /> : <Table graph={{ ...graph, ...shown }} onOpen={open} />}
    </>
  );
}

const NONE: ReadonlySet<string> = new Set();

type Shown = { graph: Folded & { start: string }; onOpen: (id: string) => void };

function Graph({ graph, onOpen }: Shown) {
  const layout = useMemo(() => layOut(graph.nodes.map(({ id }) => id), graph.edges), [graph.nodes, graph.edges]);
  const frame = useRef<HTMLDivElement>(null);
  const start = layout.places.get(graph.start);
  const [x, y] = [start?.x ?? 0, start?.y ?? 0];
  useLayoutEffect(() => {
    const { clientWidth = 0, clientHeight = 0 } = frame.current ?? {};
    frame.current?.scrollTo(x - (clientWidth - NODE.width) / 2, y - clientHeight / 2);
  }, [x, y]);
  return (
    <div ref={frame} className={styles["scroll"]} tabIndex={0} role="region" aria-label="Graph of the lineage, from left to right">
      <div className={styles["graph"]} style={{ width: layout.width, height: layout.height }}>
        <svg width={layout.width} height={layout.height} aria-hidden="true">
          <defs>
            <marker id="lineage-tip" viewBox="0 0 8 8" refX="3" refY="4" markerWidth="8" markerHeight="8" orient="auto">
              <path d="M0 1 6 4 0 7Z" />
            </marker>
          </defs>
          {graph.edges.map(({ source, target, kind }, index) => (
            <path key={`${source} ${target}`} d={layout.paths[index]} data-kind={kind} markerEnd="url(#lineage-tip)" />
          ))}
        </svg>
        <ul>
          {graph.nodes.map((node) => {
            const { x, y } = layout.places.get(node.id) ?? { x: 0, y: 0 };
            return (
              <li key={node.id} style={{ left: x, top: y - NODE.height / 2, width: NODE.width, height: NODE.height }}>
                {graph.folds.has(node.id) ? <FoldButton fold={graph.folds.get(node.id)} kind={node.kind} onOpen={onOpen} className={styles["node"]} /> : (
                  <NodeLink node={node} className={styles["node"]} isStart={node.id === graph.start}>
                    <span className={styles["kind"]}><Icon name={ICONS[node.kind]} size={13} /> {told(node)}</span>
                    <bdi className={styles["name"]}>{node.name}</bdi>
                  </NodeLink>
                )}
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}

type FoldProps = { fold: Fold | undefined; kind: LineageNode["kind"]; onOpen: (id: string) => void; className?: string | undefined };

function FoldButton({ fold, kind, onOpen, className }: FoldProps) {
  if (fold === undefined) return null;
  const names = fold.members.slice(0, NAMED).map(({ name }) => name).join(", ");
  return (
    <button type="button" className={className} data-look="plain" data-kind={kind} data-fold="true" title={`${names}${fold.members.length > NAMED ? " …" : ""}`} onClick={() => { onOpen(fold.id); }}>
      <span className={styles["kind"]}><Icon name={ICONS[kind]} size={13} /> alike</span>
      <span className={styles["name"]}>{fold.words}</span>
      <span className="visually-hidden">, show each</span>
    </button>
  );
}

const NAMED = 12;

function Table({ graph, onOpen }: Shown) {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const arrows = graph.edges.flatMap((edge) => {
    const [source, target] = [nodes.get(edge.source), nodes.get(edge.target)];
    return source === undefined || target === undefined ? [] : [{ edge, source, target }];
  });
  if (arrows.length === 0) return <p className="muted">Nothing is known of where it comes from, nor of who uses it.</p>;
  const cell = (node: LineageNode) => graph.folds.has(node.id) ? <FoldButton fold={graph.folds.get(node.id)} kind={node.kind} onOpen={onOpen} /> : (
    <NodeLink node={node} isStart={node.id === graph.start}>
      <span className="muted small">{told(node)} </span><bdi>{node.name}</bdi>
    </NodeLink>
  );
  return (
    <div className={tables["scroll"]} tabIndex={0} role="region" aria-label="Table of the lineage">
      <table className={`${tables["table"] ?? ""} ${styles["table"] ?? ""}`}>
        <thead>
          <tr>
            <th scope="col">from</th>
            <th scope="col"><span className="visually-hidden">how</span></th>
            <th scope="col">to</th>
          </tr>
        </thead>
        <tbody>
          {arrows.sort((one, other) => one.source.distance - other.source.distance || ORDER[one.edge.kind] - ORDER[other.edge.kind]).map(({ edge, source, target }) => (
            <tr key={`${edge.source} ${edge.target}`}>
              <th scope="row">{cell(source)}</th>
              <td className="muted">{WORDS[edge.kind]}</td>
              <td>{cell(target)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** More than these one reads in the graph. */
const MOST = 20;

function Users({ graph }: { graph: LineageGraph }) {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const uses = graph.edges.flatMap(({ source, target, kind, time_ms }) => {
    const run = nodes.get(target);
    return source === graph.start && kind === "read" && run !== undefined ? [{ run, time_ms }] : [];
  });
  return (
    <section aria-label="Who uses it" className={styles["users"]}>
      <h3>Who uses it</h3>
      {uses.length === 0 ? (
        <p className="muted">No run has noted that it used this version; one that calls <code>tracker.use_model(…)</code> does.</p>
      ) : (
        <ul>
          {uses.slice(0, MOST).map(({ run, time_ms }) => (
            <li key={run.id}>
              {run.is_deleted ? <><bdi>{run.name}</bdi> <span className="muted">in the trash</span></> : <RunLink run={{ id: run.run ?? "", name: run.name, hue: run.hue ?? 0, project: run.project }} />}
              <span className="muted"><Ago ms={time_ms} /></span>
            </li>
          ))}
        </ul>
      )}
      {uses.length > MOST && <p className="muted small">and {uses.length - MOST} more</p>}
    </section>
  );
}

/** What a node is, in words. */
function told({ kind, detail, is_deleted: isDeleted }: LineageNode): string {
  if (isDeleted === true) return `${kind} in the trash`;
  return kind === "alias" || (kind === "version" && detail === "active") ? kind : `${kind} · ${detail}`;
}

type NodeProps = { node: LineageNode; isStart: boolean; className?: string | undefined; children: ReactNode };

/** The page of what a node stands for; a run in the trash has none. */
function NodeLink({ node, isStart, className, children }: NodeProps) {
  const shared = { className, title: `${node.name} (${told(node)}, of ${node.project})`, "data-kind": node.kind, "data-start": isStart };
  const said = isStart ? <>{children}<span className="visually-hidden"> (this one)</span></> : children;
  const activeOptions = { exact: true };
  const { kind, run, project, model } = node;
  if ((kind === "version" || kind === "alias") && model !== null && model !== undefined) {
    return kind === "alias" ? (
      <Link to="/models/$name" params={{ name: model }} activeOptions={activeOptions} {...shared}>{said}</Link>
    ) : (
      <Link to="/models/$name/$version" params={{ name: model, version: String(node.version) }} activeOptions={activeOptions} {...shared}>{said}</Link>
    );
  }
  if (kind === "artifact") {
    const [, name = node.name, version = "latest"] = /^(.*):(v\d+)$/s.exec(node.name) ?? [];
    return <Link to="/p/$project/artifacts/$name/$version" params={{ project, name, version }} activeOptions={activeOptions} {...shared}>{said}</Link>;
  }
  if (run === null || run === undefined || node.is_deleted === true) return <span {...shared}>{said}</span>;
  return <Link to="/p/$project/runs/$run" params={{ project, run }} activeOptions={activeOptions} {...shared}>{said}</Link>;
}
