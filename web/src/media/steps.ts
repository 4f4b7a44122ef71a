/** The steps that a slider goes over. Pure. */

/** Where the greatest step lies that is not after the one asked for: the first where all are after it, the last for null. */
export function placeOf(steps: readonly number[], asked: number | null): number {
  if (asked === null) return steps.length - 1;
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] ?? Infinity) <= asked) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** All steps of several lists, in order, each once. */
export const together = (lists: readonly (readonly number[])[]): number[] => [...new Set(lists.flat())].sort((a, b) => a - b);

/** What stands in the address as a step: a whole number, or null for the newest. */
export function readStep(text: string | undefined): number | null {
  return text !== undefined && /^-?\d{1,18}$/.test(text) ? Number(text) : null;
}

/** The part of a name before its last slash. */
export const prefixOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf("/")));
