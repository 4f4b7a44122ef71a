/** Which of the frame's own dialogs is open: the palette, the list of keys, or none. */

import { signal } from "./signal";

export type Overlay = "palette" | "keys" | null;

export const overlay = signal<Overlay>(null);

export const openPalette = () => { overlay.set("palette"); };
export const openKeys = () => { overlay.set("keys"); };
export const closeOverlay = () => { overlay.set(null); };
