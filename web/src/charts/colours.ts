/** The tokens as colours that a canvas understands; read anew when the theme changes. */

export type Colours = { text: string; muted: string; line: string; background: string; raised: string; hues: readonly string[] };

export const HUES = 10;
const known = new Map<string, Colours>();

export function colours(): Colours {
  const theme = document.documentElement.dataset["theme"] ?? "light";
  const found = known.get(theme) ?? read();
  known.set(theme, found);
  return found;
}

function read(): Colours {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: token("text"),
    muted: token("muted"),
    line: token("line"),
    background: token("bg"),
    raised: token("raised"),
    hues: Array.from({ length: HUES }, (_, hue) => token(`hue-${String(hue)}`)),
  };
}

export const hueOf = (from: Colours, hue: number): string => from.hues[hue % HUES] ?? from.text;

export const DASHES: readonly (readonly number[])[] = [[], [6, 4], [1.5, 3]];
