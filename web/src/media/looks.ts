/** How images of several runs are compared: beside each other, or two in one place. */

import type { PairLook } from "./images/PairView";

export type Look = "side" | PairLook;

export const LOOKS: readonly Look[] = ["side", "wipe", "blink", "difference"];
export const LOOK_WORDS: Record<Look, string> = { side: "Side by side", wipe: "Wipe", blink: "Blink", difference: "Difference" };

export const isPairLook = (look: Look): look is PairLook => look !== "side";
