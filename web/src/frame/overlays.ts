/** Which of the frame's own dialogs is open: the palette, the list of keys, or none. */

import { signal } from "./signal";

export type Overlay = "palette" | "keys" | null;

export const overlay = signal<Overlay>(null);

export const openPalette = () => { overlay.set("palette"); };
export const openKeys = () => { overlay.set("keys"); };
export const closeOverlay = () => { overlay.set(null); };

/** Ctrl K is heard from the first moment, before there is a page: the palette opens as soon as it can be drawn. */
export function startPalette(): void {
  window.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    openPalette();
  });
}
