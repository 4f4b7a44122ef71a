/**
 * The one cursor of the page. A tile that the pointer is over says where; all tiles draw a line there and one tooltip
 * reads the values. No chart engine and no rendering of components takes part, so that it keeps up with the hand.
 */

export type Hover = { x: number; source: object; clientX: number; clientY: number; isPinned: boolean; isByKey?: boolean } | null;

let current: Hover = null;
const listeners = new Set<(hover: Hover) => void>();

export const cursor = {
  get: (): Hover => current,

  set(hover: Hover): void {
    if (hover === null && current === null) return;
    current = hover;
    for (const listener of listeners) listener(hover);
  },

  /** A chart that goes away takes its cursor along. */
  leave(source: object): void {
    if (current?.source === source && !current.isPinned) cursor.set(null);
  },

  watch(listener: (hover: Hover) => void): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};

let spotlit: string | null = null;
const spotlights = new Set<(run: string | null) => void>();

/** The run that the pointer is on, in a list or in a chart: all charts draw it stronger. */
export const spotlight = {
  get: (): string | null => spotlit,

  set(run: string | null): void {
    if (run === spotlit) return;
    spotlit = run;
    for (const listener of spotlights) listener(run);
  },

  watch(listener: (run: string | null) => void): () => void {
    spotlights.add(listener);
    return () => void spotlights.delete(listener);
  },
};
