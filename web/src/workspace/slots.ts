/**
 * Which element shows which row while one scrolls. Rows that stay keep their element; those that come take one that a
 * row has left, so that the page changes texts instead of building rows.
 */

/** By the place of a row in the list: the number of its element. Elements stand in the document in that order. */
export type Slots = ReadonlyMap<number, number>;

/**
 * Remembers who is where. At rest the elements are put in the order of their rows, for those who read the document;
 * the row `kept`, which may have the focus, keeps its element always.
 */
export function slotKeeper(): (rows: readonly number[], kept: number, isAtRest: boolean) => Slots {
  let slots: Slots = new Map();
  return (rows, kept, isAtRest) => {
    slots = taken(slots, rows);
    if (isAtRest) slots = inOrder(slots, kept);
    return slots;
  };
}

function taken(before: Slots, rows: readonly number[]): Slots {
  const slots = new Map(rows.flatMap((row) => (before.has(row) ? [[row, before.get(row) ?? 0] as const] : [])));
  const used = new Set(slots.values());
  let free = 0;
  for (const row of rows) {
    if (slots.has(row)) continue;
    while (used.has(free)) free += 1;
    slots.set(row, free);
    used.add(free);
  }
  return slots;
}

function inOrder(slots: Slots, kept: number): Slots {
  const own = slots.get(kept);
  const rows = [...slots.keys()].filter((row) => row !== kept).sort((a, b) => a - b);
  const free = [...slots.values()].filter((slot) => slot !== own).sort((a, b) => a - b);
  const ordered = new Map(rows.map((row, at) => [row, free[at] ?? 0]));
  return own === undefined ? ordered : ordered.set(kept, own);
}
