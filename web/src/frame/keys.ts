/**
 * Keys that do things on a page: single ones, and those with Ctrl (or ⌘), called "Ctrl Z" and "Ctrl Shift Z".
 *
 * They are silent while a field has the focus. Single ones also while a dialog is open or on its way, and where the user
 * has switched them off.
 */

import { useEffect, useRef } from "react";
import { singleKeys } from "../settings";
import { overlay } from "./overlays";

export type Key = { key: string; label: string; run: () => void };

const active = new Set<{ current: readonly Key[] }>();

/** What the pages that are open offer now. */
export const keysNow = (): Key[] => [...active].flatMap((keys) => keys.current);

/** Later pages win: a dialog's `r` is not the page's. */
export function useKeys(keys: readonly Key[]): void {
  const ref = useRef(keys);
  useEffect(() => {
    ref.current = keys;
  });
  useEffect(() => {
    active.add(ref);
    return () => void active.delete(ref);
  }, []);
}

export function startKeys(): void {
  window.addEventListener("keydown", (event) => {
    if (event.altKey || event.defaultPrevented || isTyping(event.target)) return;
    const isCombined = event.ctrlKey || event.metaKey;
    if (!isCombined && (!singleKeys.get() || overlay.get() !== null || document.querySelector("dialog[open]") !== null)) return;
    // a button answers to Space itself
    if (event.key === " " && event.target instanceof HTMLElement && event.target.closest("button, a, summary, [role=menuitem]") !== null) return;
    const name = isCombined ? `Ctrl ${event.shiftKey ? "Shift " : ""}${event.key.toUpperCase()}` : event.key;
    const found = keysNow().findLast(({ key }) => key === name);
    if (found === undefined) return;
    event.preventDefault();
    found.run();
  });
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input:not([type=checkbox], [type=range], [type=radio]), textarea, select"));
}
