/** A config of any depth as lines that fold, whole or only where it differs from another. Pure. */

import { formatValue } from "../format";

/** `was` is what another run has in this place, where the two are compared. */
export type Leaf = { kind: "leaf"; name: string; path: string; value: unknown; was?: string };
export type Branch = { kind: "branch"; name: string; path: string; children: Node[]; count: number };
export type Node = Leaf | Branch;

/** What stands where one of two runs has no such key. */
export const NOT_SET = "not set";
const MISSING = Symbol("missing");

/** Lists of plain values stay on one line. */
export const treeOf = (config: Record<string, unknown>): Node[] => Object.entries(config).map(([name, value]) => nodeOf(name, name, value, null));

/** Only what differs from the other config. Equal values of different types (1 and 1.0 come the same) are equal. */
export const differencesOf = (config: Record<string, unknown>, other: Record<string, unknown>): Node[] => differing(config, other, "");

function nodeOf(name: string, path: string, value: unknown, was: string | null): Node {
  const inside = entriesOf(value);
  if (inside === null) return was === null ? { kind: "leaf", name, path, value } : { kind: "leaf", name, path, value, was };
  return branch(name, path, Object.entries(inside).map(([part, one]) => nodeOf(part, `${path}.${part}`, one, was)));
}

const branch = (name: string, path: string, children: Node[]): Branch => ({ kind: "branch", name, path, children, count: children.reduce((sum, child) => sum + (child.kind === "leaf" ? 1 : child.count), 0) });

function differing(config: Record<string, unknown>, other: Record<string, unknown>, prefix: string): Node[] {
  const names = [...new Set([...Object.keys(config), ...Object.keys(other)])];
  return names.flatMap((name): Node[] => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const mine = Object.hasOwn(config, name) ? config[name] : MISSING;
    const theirs = Object.hasOwn(other, name) ? other[name] : MISSING;
    if (JSON.stringify(mine) === JSON.stringify(theirs) && mine !== MISSING && theirs !== MISSING) return [];
    const [inside, outside] = [entriesOf(mine), entriesOf(theirs)];
    if (inside !== null && outside !== null) return [branch(name, path, differing(inside, outside, path))];
    if (mine === MISSING) return [gone(name, path, theirs)];
    return [nodeOf(name, path, mine, theirs === MISSING ? NOT_SET : formatValue(theirs))];
  });
}

/** What only the other one has. */
function gone(name: string, path: string, theirs: unknown): Node {
  const inside = entriesOf(theirs);
  if (inside === null) return { kind: "leaf", name, path, value: NOT_SET, was: formatValue(theirs) };
  return branch(name, path, Object.entries(inside).map(([part, one]) => gone(part, `${path}.${part}`, one)));
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
