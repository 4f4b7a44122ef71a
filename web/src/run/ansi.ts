/** Printed lines with their colours, as parts of text. Pure: nothing of a line ever becomes markup. */

import Anser from "anser";

export type Part = { text: string; colour: string | null; background: string | null; isBold: boolean; isDim: boolean; isItalic: boolean; isUnderlined: boolean };

/** Control sequences that colour nothing: moving the cursor, titles of windows. */
// eslint-disable-next-line no-control-regex -- they start with the escape character
const OTHER_SEQUENCES = /\x1b\[[0-9;?]*[A-LN-Za-ln-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/g;

/** A progress bar rewrites its line: what stands after the last return is what one saw. */
export const afterReturns = (text: string): string => text.replace(/\r+$/, "").split("\r").at(-1) ?? "";

export function partsOf(line: string): Part[] {
  const text = afterReturns(line).replace(OTHER_SEQUENCES, "");
  return Anser.ansiToJson(text, { remove_empty: true, use_classes: true }).map((entry) => ({
    text: entry.content,
    colour: colourOf(entry.fg, entry.fg_truecolor),
    background: colourOf(entry.bg, entry.bg_truecolor),
    isBold: entry.decorations.includes("bold"),
    isDim: entry.decorations.includes("dim"),
    isItalic: entry.decorations.includes("italic"),
    isUnderlined: entry.decorations.includes("underline"),
  }));
}

/** The sixteen named colours come from the tokens, so that they can be read in both themes. */
const NAMED: Record<string, string> = {
  red: "var(--bad)",
  green: "var(--good)",
  yellow: "var(--warn)",
  blue: "var(--accent)",
  magenta: "var(--hue-5)",
  cyan: "var(--live)",
  white: "var(--text)",
  black: "var(--muted)",
};

function colourOf(name: string | null, trueColour: string | null): string | null {
  if (name === null || name === "") return null;
  if (name === "ansi-truecolor") return trueColour === null ? null : `rgb(${trueColour})`;
  const base = name.replace(/^ansi-(bright-)?/, "");
  if (NAMED[base] !== undefined) return NAMED[base];
  const index = Number(/palette-(\d+)$/.exec(name)?.[1] ?? NaN);
  return Number.isNaN(index) ? null : paletteColour(index);
}

/** The 216 colours of the cube and the 24 greys, as terminals have them. */
function paletteColour(index: number): string | null {
  if (index >= 232) {
    const level = 8 + (index - 232) * 10;
    return `rgb(${String(level)}, ${String(level)}, ${String(level)})`;
  }
  if (index < 16) return null;
  const at = index - 16;
  const levels = [Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6].map((part) => (part === 0 ? 0 : 55 + part * 40));
  return `rgb(${levels.join(", ")})`;
}
