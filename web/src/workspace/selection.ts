/** Which runs are selected after a click. Pure. */

export type Selection = "toggle" | "range" | "only";

type Click = { rows: readonly { id: string }[]; selected: ReadonlySet<string>; anchor: number; index: number; how: Selection };

/** A range runs from the row that was clicked last, and adds to what is selected. */
export function selectRow({ rows, selected, anchor, index, how }: Click): ReadonlySet<string> {
  const id = rows[index]?.id;
  if (id === undefined) return selected;
  if (how === "only") return new Set([id]);
  if (how === "toggle") return selected.has(id) ? new Set([...selected].filter((one) => one !== id)) : new Set([...selected, id]);
  const [from, to] = [Math.min(anchor, index), Math.max(anchor, index)];
  return new Set([...selected, ...rows.slice(from, to + 1).map((row) => row.id)]);
}
