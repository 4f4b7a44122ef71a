/**
 * What stands in the address bar. The router holds the search as plain strings; each page reads and writes its own
 * part of it by pure functions, so that an address looks as short and readable as it can be.
 */

export type Search = Record<string, string | undefined>;

/** Commas, slashes, colons and the like need no escape in a query, and addresses are read by people. */
export function stringifySearch(search: Record<string, unknown>): string {
  const parts = Object.entries(search)
    .filter(([, value]) => typeof value === "string" && value !== "")
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeReadable(String(value))}`);
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

const encodeReadable = (text: string) =>
  encodeURIComponent(text).replace(/%(2C|2F|3A|3B|3D|40|5B|5D)/g, (escaped) => decodeURIComponent(escaped)).replace(/%20/g, "+");

export const parseSearch = (text: string): Search => Object.fromEntries(new URLSearchParams(text));

export const readSearch = (search: Record<string, unknown>): Search =>
  Object.fromEntries(Object.entries(search).filter((entry): entry is [string, string] => typeof entry[1] === "string"));

/** Names may hold commas themselves, and are escaped where they do. */
export const joinList = (names: readonly string[]): string | undefined =>
  names.length === 0 ? undefined : names.map((name) => name.replace(/[%,]/g, encodeURIComponent)).join(",");

export const splitList = (text: string | undefined): string[] =>
  text === undefined || text === "" ? [] : text.split(",").map(unescapeName);

function unescapeName(name: string): string {
  return name.replace(/%(25|2C)/gi, (escaped) => decodeURIComponent(escaped));
}

/** A number from an address, or the default for anything else: an address that was mangled still opens. */
export function readNumber(text: string | undefined, fallback: number, least: number, most: number): number {
  const value = text === undefined || text === "" ? NaN : Number(text);
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : fallback;
}

export function readChoice<T extends string>(text: string | undefined, choices: readonly T[], fallback: T): T {
  return choices.find((choice) => choice === text) ?? fallback;
}
