/**
 * Nodes of a lineage that are alike, as one: five or more runs that read and made the same, or versions of one artifact
 * that the same runs read and made, say nothing one by one. The start is never folded. Pure.
 */

import type { LineageEdge, LineageGraph, LineageNode } from "../api";

/** So many alike are one. */
export const ALIKE = 5;

/** `id` is that of the first; `words` is "87 runs". */
export type Fold = { id: string; words: string; members: readonly LineageNode[] };
export type Folded = { nodes: readonly LineageNode[]; edges: readonly LineageEdge[]; folds: ReadonlyMap<string, Fold> };

/** `opened` has the ids of folds that show their members. */
export function folded({ start, nodes, edges }: LineageGraph, opened: ReadonlySet<string>): Folded {
  const tied = new Map<string, string[]>();
  for (const { source, target, kind } of edges) {
    tied.set(source, [...(tied.get(source) ?? []), `${kind} > ${target}`]);
    tied.set(target, [...(tied.get(target) ?? []), `${source} > ${kind}`]);
  }
  const groups = new Map<string, LineageNode[]>();
  for (const node of nodes) {
    if (node.id === start || (node.kind !== "run" && node.kind !== "artifact")) continue;
    const alike = JSON.stringify([node.kind, node.kind === "artifact" ? node.detail : node.is_deleted, (tied.get(node.id) ?? []).sort()]);
    groups.set(alike, [...(groups.get(alike) ?? []), node]);
  }
  const folds = new Map<string, Fold>();
  const standsFor = new Map<string, string>();
  for (const members of groups.values()) {
    const [first] = members;
    if (first === undefined || members.length < ALIKE || opened.has(first.id)) continue;
    folds.set(first.id, { id: first.id, words: `${String(members.length)} ${first.kind === "run" ? "runs" : "artifacts"}`, members });
    for (const { id } of members) standsFor.set(id, first.id);
  }
  const shown = nodes.filter(({ id }) => (standsFor.get(id) ?? id) === id);
  const joined = new Map<string, LineageEdge>();
  for (const edge of edges) {
    const [source, target] = [standsFor.get(edge.source) ?? edge.source, standsFor.get(edge.target) ?? edge.target];
    const key = `${source} ${target} ${edge.kind}`;
    if (!joined.has(key)) joined.set(key, { ...edge, source, target });
  }
  return { nodes: shown, edges: [...joined.values()], folds };
}
