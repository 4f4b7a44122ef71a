/** What this browser remembers: looks and sizes, never data. Each setting is a small store that components follow. */

import { useSyncExternalStore } from "react";
import { keyOf, stored } from "./stored";

export type Setting<T> = { get: () => T; set: (value: T) => void; use: () => T };

/** `read` turns what was stored, which may be anything, into a value that is allowed. */
export function setting<T>(name: string, read: (stored: unknown) => T): Setting<T> {
  const key = keyOf(name);
  const listeners = new Set<() => void>();
  let value = read(stored(name));

  const tell = () => {
    for (const listener of listeners) listener();
  };
  // another tab of the same browser changes it too
  window.addEventListener("storage", (event) => {
    if (event.key !== key) return;
    value = read(stored(name));
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

export const theme = setting("theme", choice<"system" | "light" | "dark">(["system", "light", "dark"], "system"));
export const density = setting("density", choice<"compact" | "comfortable">(["compact", "comfortable"], "compact"));
/** "reduced" asks for less than the system does, never for more. */
export const motion = setting("motion", choice<"system" | "reduced">(["system", "reduced"], "system"));
export const singleKeys = setting("single-keys", (stored) => stored !== false);
/** How the lines of two texts are shown: below or beside each other. */
export const diffLayout = setting("diff-layout", choice<"unified" | "beside">(["unified", "beside"], "unified"));
export const listWidth = setting("list-width", (stored) => (typeof stored === "number" ? stored : 488));
export const tileWidth = setting("tile-width", choice<"small" | "medium" | "large">(["small", "medium", "large"], "medium"));

/** The x axis and the smoothing of a project that one has not looked at yet, as in an address. */
export const startingAxis = setting("starting-axis", choice<"step" | "relative_time" | "time">(["step", "relative_time", "time"], "step"));
export const startingSmoothing = setting("starting-smoothing", (stored) => (typeof stored === "string" ? stored : ""));

const names = (stored: unknown): string[] => (Array.isArray(stored) ? stored.filter((one) => typeof one === "string") : []);

/** Projects that stand first. */
export const starred = setting("starred", names);
export const projectOrder = setting("project-order", choice<"activity" | "name" | "runs" | "storage">(["activity", "name", "runs", "storage"], "activity"));

/** What was searched for and opened last, newest first. */
export const recent = setting("recent", names);

const lastViews = new Map<string, Setting<Record<string, string>>>();

/** The parameters of the address under which a project's workspace was seen last. */
export function lastView(project: string): Setting<Record<string, string>> {
  const known = lastViews.get(project) ?? setting(`view.${project}`, texts);
  lastViews.set(project, known);
  return known;
}

const texts = (stored: unknown): Record<string, string> =>
  typeof stored === "object" && stored !== null ? Object.fromEntries(Object.entries(stored).filter((entry): entry is [string, string] => typeof entry[1] === "string")) : {};

/** The columns that a person calls hers in a project. */
export const ownColumns = (project: string): Setting<string[]> => remembered(`columns.${project}`);

/** The filters that were used last in a project, newest first. */
export const lastFilters = (project: string): Setting<string[]> => remembered(`filters.${project}`);

const lists = new Map<string, Setting<string[]>>();

function remembered(name: string): Setting<string[]> {
  const known = lists.get(name) ?? setting(name, names);
  lists.set(name, known);
  return known;
}
