/** What this browser remembers: looks and sizes, never data. Each setting is a small store that components follow. */

import { useSyncExternalStore } from "react";

export type Setting<T> = { get: () => T; set: (value: T) => void; use: () => T };

const PREFIX = "tracker.";

/** `read` turns what was stored, which may be anything, into a value that is allowed. */
export function setting<T>(name: string, read: (stored: unknown) => T): Setting<T> {
  const key = PREFIX + name;
  const listeners = new Set<() => void>();
  let value = read(load(key));

  const tell = () => {
    for (const listener of listeners) listener();
  };
  // another tab of the same browser changes it too
  window.addEventListener("storage", (event) => {
    if (event.key !== key) return;
    value = read(load(key));
    tell();
  });
  const get = () => value;
  return {
    get,
    set(next) {
      value = next;
      save(key, next);
      tell();
    },
    use: () =>
      useSyncExternalStore((listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      }, get),
  };
}

function load(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null; // a browser that stores nothing starts with the defaults each time
  }
}

function save(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // full or forbidden: the choice then lasts until the page is closed
  }
}

const choice =
  <T extends string>(choices: readonly T[], fallback: T) =>
  (stored: unknown): T =>
    choices.find((one) => one === stored) ?? fallback;

export const theme = setting("theme", choice(["system", "light", "dark"], "system"));
export const density = setting("density", choice(["compact", "comfortable"], "compact"));
export const singleKeys = setting("single-keys", (stored) => stored !== false);
export const listWidth = setting("list-width", (stored) => (typeof stored === "number" ? stored : 412));
export const tileWidth = setting("tile-width", choice(["small", "medium", "large"], "medium"));

const names = (stored: unknown): string[] => (Array.isArray(stored) ? stored.filter((one) => typeof one === "string") : []);

const perProject = new Map<string, Setting<string[]>>();

/** The metrics that are pinned in a project. */
export function pinnedMetrics(project: string): Setting<string[]> {
  return remembered(`pins.${project}`);
}

/** What was searched for and opened last, newest first. */
export const recent = setting("recent", names);

function remembered(name: string): Setting<string[]> {
  const known = perProject.get(name) ?? setting(name, names);
  perProject.set(name, known);
  return known;
}

/** Sections that were folded or opened by hand: "-name" and "+name". */
export const sectionFolds = (project: string): Setting<string[]> => remembered(`folds.${project}`);

export const columnWidths = setting("column-widths", (stored): Record<string, number> =>
  typeof stored === "object" && stored !== null
    ? Object.fromEntries(Object.entries(stored).filter((entry): entry is [string, number] => typeof entry[1] === "number"))
    : {},
);
