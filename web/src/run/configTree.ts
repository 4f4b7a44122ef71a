/** A config of any depth as lines that fold. Pure. */

export type Leaf = { kind: "leaf"; name: string; path: string; value: unknown };
export type Branch = { kind: "branch"; name: string; path: string; children: Node[]; count: number };
export type Node = Leaf | Branch;

/** Lists of plain values stay on one line. */
export function treeOf(config: Record<string, unknown>, prefix = ""): Node[] {
  return Object.entries(config).map(([name, value]): Node => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const inside = entriesOf(value);
    if (inside === null) return { kind: "leaf", name, path, value };
    const children = treeOf(inside, path);
    return { kind: "branch", name, path, children, count: children.reduce((sum, child) => sum + (child.kind === "leaf" ? 1 : child.count), 0) };
  });
}

function entriesOf(value: unknown): Record<string, unknown> | null {
  if (typeof value !== "object" || value === null) return null;
  if (Array.isArray(value)) return value.some((item) => typeof item === "object" && item !== null) ? { ...value } : null;
  return Object.keys(value).length === 0 ? null : { ...value };
}

/** Only what matches, by path or by value, with the branches that lead there. */
export function found(nodes: readonly Node[], text: string): Node[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [...nodes];
  return nodes.flatMap((node): Node[] => {
    if (node.path.toLowerCase().includes(wanted)) return [node];
    if (node.kind === "leaf") return String(JSON.stringify(node.value)).toLowerCase().includes(wanted) ? [node] : [];
    const children = found(node.children, text);
    return children.length === 0 ? [] : [{ ...node, children }];
  });
}
