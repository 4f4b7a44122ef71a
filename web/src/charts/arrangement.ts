/** What a person has arranged of the charts: pinned metrics, the order, names and folds of sections. Pure. */

import { type Search, joinList, splitList } from "../address";
import { isMade } from "./made";
import { OTHER, type Section } from "./sections";

export type Arrangement = {
  pinned: string[];
  /** The sections that stand first, by their prefixes; the others follow as they would without it. */
  order: string[];
  /** What sections are called, by their prefixes. */
  names: Record<string, string>;
  /** Sections that were folded or opened by hand: "-prefix" and "+prefix". */
  folds: string[];
  /** Charts that were made by hand. */
  added: string[];
};
export type Arrange = (change: Partial<Arrangement>) => void;

export const LONGEST_NAME = 60;
export const MOST_ADDED = 40;

/** In an address each prefix ends with a slash, so that the one of metrics without any can stand there too. */
export function readArrangement(search: Search): Arrangement {
  return {
    pinned: splitList(search["pins"]),
    order: splitList(search["sections"]).map((prefix) => prefix.replace(/\/$/, "")),
    names: Object.fromEntries(splitList(search["names"]).flatMap(readName)),
    folds: splitList(search["folds"]).filter((fold) => /^[+-]/.test(fold)),
    added: [...new Set(splitList(search["added"]).filter(isMade))].slice(0, MOST_ADDED),
  };
}

export function writeArrangement({ pinned, order, names, folds, added }: Arrangement): Search {
  return {
    pins: joinList(pinned),
    sections: joinList(order.map((prefix) => `${prefix}/`)),
    names: joinList(Object.entries(names).map(([prefix, name]) => `${prefix.replace(/[%:]/g, encodeURIComponent)}:${name}`)),
    folds: joinList(folds),
    added: joinList(added),
  };
}

function readName(text: string): [string, string][] {
  const colon = text.indexOf(":");
  const name = text.slice(colon + 1).slice(0, LONGEST_NAME);
  const prefix = text.slice(0, Math.max(0, colon)).replace(/%(25|3A)/g, (escaped) => decodeURIComponent(escaped));
  return colon < 0 || name === "" ? [] : [[prefix, name]];
}

/** With a chart that was made; in the place of another, which is then pinned as that was, or at the end. */
export function withMade({ added, pinned }: Arrangement, chart: string, replaces: string | null): Partial<Arrangement> {
  const put = (list: string[]) => [...new Set(list.map((one) => (one === replaces ? chart : one)))];
  return { added: replaces === null ? put([...added, chart]) : put(added), pinned: put(pinned) };
}

export const withoutMade = ({ added, pinned }: Arrangement, chart: string): Partial<Arrangement> =>
  ({ added: added.filter((one) => one !== chart), pinned: pinned.filter((one) => one !== chart) });

/** The sections in the order that was chosen. */
export function ordered(sections: readonly Section[], order: readonly string[]): Section[] {
  const rank = new Map(order.map((prefix, index) => [prefix, index]));
  const rankOf = ({ name }: Section) => rank.get(name) ?? order.length;
  return sections.toSorted((a, b) => rankOf(a) - rankOf(b));
}

/**
 * The order that has a section of `shown` moved to another place among them. It names no more sections than it must, so
 * that one which comes later finds its place by its name.
 */
export function movedTo(sections: readonly Section[], shown: readonly Section[], name: string, place: number): string[] {
  const names = shown.map((section) => section.name);
  const others = names.filter((one) => one !== name);
  const target = others.toSpliced(Math.min(Math.max(0, place), others.length), 0, name);
  for (let length = 0; length < target.length; length += 1) {
    const order = target.slice(0, length);
    if (ordered(sections, order).every((section, index) => section.name === target[index])) return order;
  }
  return target;
}

export const nameOf = (prefix: string, names: Arrangement["names"]): string => names[prefix] ?? (prefix === OTHER ? "other" : `${prefix}/`);

export function renamed(names: Arrangement["names"], prefix: string, name: string): Arrangement["names"] {
  const others = Object.fromEntries(Object.entries(names).filter(([one]) => one !== prefix));
  const given = name.trim().slice(0, LONGEST_NAME);
  return given === "" || given === nameOf(prefix, {}) ? others : { ...others, [prefix]: given };
}

export const isFolded = (folds: readonly string[], first: ReadonlySet<string>, name: string): boolean =>
  folds.includes(`-${name}`) || (first.has(name) && !folds.includes(`+${name}`));

/** With as few words as can be: a section that is as it would be at first is not named. */
export function foldedTo(folds: readonly string[], first: ReadonlySet<string>, name: string, isToFold: boolean): string[] {
  const others = folds.filter((one) => one.slice(1) !== name);
  return isToFold === first.has(name) ? others : [...others, `${isToFold ? "-" : "+"}${name}`];
}
