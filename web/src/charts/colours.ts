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

/**
 * The hue of each name: its hash proposes, and the next one decides that no name before it has. `known` is what was
 * given before: it is kept, and grows.
 */
export function huesOf(names: readonly string[], known: Map<string, number>): Map<string, number> {
  const taken = new Set(names.flatMap((name) => known.get(name) ?? []));
  for (const name of names) {
    if (known.has(name)) continue;
    const proposed = hash(name) % HUES;
    const free = Array.from({ length: HUES }, (_, by) => (proposed + by) % HUES).find((hue) => !taken.has(hue)) ?? proposed;
    known.set(name, free);
    taken.add(free);
  }
  return known;
}

/** FNV-1a: short, and spreads names that differ in one sign. */
function hash(text: string): number {
  let found = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) found = Math.imul(found ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return found;
}

export const DASHES: readonly (readonly number[])[] = [[], [6, 4], [1.5, 3]];
