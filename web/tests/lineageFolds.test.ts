import { describe, expect, it } from "vitest";
import type { LineageGraph, LineageNode } from "../src/api";
import { folded } from "../src/models/lineageFolds";

const node = (id: string, kind: LineageNode["kind"] = "run"): LineageNode => ({ id, kind, name: id, project: "p", detail: "finished", distance: 1, time_ms: 0 });

/** `data` is read by so many runs, and by `train`, which made `net`. */
function graph(readers: number): LineageGraph {
  const runs = Array.from({ length: readers }, (_, index) => node(`r${String(index)}`));
  return {
    start: "data",
    nodes: [node("data", "artifact"), node("train"), node("net", "artifact"), ...runs],
    edges: [
      { source: "data", target: "train", kind: "read", time_ms: 0 },
      { source: "train", target: "net", kind: "made", time_ms: 0 },
      ...runs.map(({ id }) => ({ source: "data", target: id, kind: "read" as const, time_ms: 0 })),
    ],
    is_cut: false,
    limit: 200,
  };
}

describe("nodes of a lineage that are alike", () => {
  it("are one from five on, with one arrow", () => {
    const { nodes, edges, folds } = folded(graph(87), new Set());
    expect(nodes.map(({ id }) => id)).toEqual(["data", "train", "net", "r0"]);
    expect(edges.filter(({ target }) => target === "r0")).toHaveLength(1);
    expect(edges).toHaveLength(3);
    expect(folds.get("r0")?.words).toBe("87 runs");
  });

  it("stay apart when they are few, when they lead elsewhere, and when one opens them", () => {
    expect(folded(graph(4), new Set()).nodes).toHaveLength(7);
    expect(folded(graph(6), new Set()).nodes.map(({ id }) => id)).toContain("train");
    expect(folded(graph(6), new Set(["r0"])).nodes).toHaveLength(9);
  });
});
