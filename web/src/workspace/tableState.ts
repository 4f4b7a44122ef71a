/** How the table of runs is laid out by hand, beside which columns it has, and its form in the address. Pure. */

import { type Search, joinList, splitList } from "../address";

/** Columns by their keys; widths in pixels, of those alone that a person has changed. */
export type TableState = { pinned: string[]; heat: string[]; widths: Readonly<Record<string, number>> };

export const LEAST_WIDTH = 48;
export const MOST_WIDTH = 900;

export const readTable = (search: Search): TableState => ({
  pinned: splitList(search["pin"]),
  heat: splitList(search["heat"]),
  widths: Object.fromEntries(splitList(search["widths"]).flatMap(readWidth)),
});

export const writeTable = ({ pinned, heat, widths }: TableState): Search => ({
  pin: joinList(pinned),
  heat: joinList(heat),
  widths: joinList(Object.entries(widths).map(([key, width]) => `${key}:${String(Math.round(width))}`)),
});

/** A key may have colons of its own. */
function readWidth(text: string): [string, number][] {
  const colon = text.lastIndexOf(":");
  const width = Number(text.slice(colon + 1));
  return colon < 1 || !Number.isFinite(width) ? [] : [[text.slice(0, colon), Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, width))]];
}

/** With the key moved to where `to` stands now; both of one list. */
export function movedTo(keys: readonly string[], key: string, to: string): string[] {
  const at = keys.indexOf(to);
  if (at < 0 || !keys.includes(key)) return [...keys];
  return keys.filter((one) => one !== key).toSpliced(at, 0, key);
}

/** One place to the left or to the right, staying in the list. */
export function moved(keys: readonly string[], key: string, by: -1 | 1): string[] {
  const neighbour = keys[keys.indexOf(key) + by];
  return neighbour === undefined ? [...keys] : movedTo(keys, key, neighbour);
}

export const switched = (keys: readonly string[], key: string): string[] => (keys.includes(key) ? keys.filter((one) => one !== key) : [...keys, key]);
