/**
 * How a view stands in the address. Pure.
 *
 * `v=<id>` is a saved view as it was saved. `of=<id>` and parameters is a view that was changed from a saved one.
 * Parameters alone are a view of nobody's. All of them are written as parameters here, with `of` among them, and only
 * those that are longer than an address should be are kept by the server, as a saved view without a name.
 */

import { type Search, stringifySearch } from "../address";

/** Mail programs and proxies cut addresses that are longer. */
export const LONGEST_ADDRESS = 1800;

export type Base = { id: string; parameters: Search };

export type Place = { kind: "address"; search: Search } | { kind: "too-long" };

/** Without what is not given, in one order: two that say the same have the same text. */
export const textOf = (parameters: Search): string => stringifySearch(Object.fromEntries(Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1))));

/** Whether a view is as its saved view was saved. */
export const isAsSaved = (parameters: Search, base: Base): boolean => textOf({ ...parameters, of: undefined }) === textOf(base.parameters);

/** Where these parameters belong, which were changed from `base`. */
export function placeOf(parameters: Search, base: Base | null): Place {
  if (base !== null && isAsSaved(parameters, base)) return { kind: "address", search: { v: base.id } };
  return textOf(parameters).length > LONGEST_ADDRESS ? { kind: "too-long" } : { kind: "address", search: parameters };
}
