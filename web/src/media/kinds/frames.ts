/** Which frame of a video is shown at a time, and at which time one is. Frames are counted from 1. Pure. */

/** Where nothing says how many frames a second has. */
const USUAL_FPS = 25;

/** How fast frames follow each other; what is stated goes before what the count over the length comes to. */
export function fpsOf(stated: number | null, frames: number | null, seconds: number): { fps: number; isKnown: boolean } {
  if (stated !== null && stated > 0) return { fps: stated, isKnown: true };
  if (frames !== null && frames > 0 && Number.isFinite(seconds) && seconds > 0) return { fps: frames / seconds, isKnown: true };
  return { fps: USUAL_FPS, isKnown: false };
}

/** How many frames there are, or about how many; null where nothing says it: a recording may not know its own length. */
export const countOf = (frames: number | null, fps: number, seconds: number): number | null => frames ?? (Number.isFinite(seconds) ? Math.max(1, Math.round(seconds * fps)) : null);

export const frameAt = (seconds: number, fps: number, count: number | null): number => Math.min(count ?? Infinity, Math.max(1, Math.floor(seconds * fps + 1e-3) + 1));

/** The middle of the frame: its borders belong to its neighbours once they are rounded. */
export const timeOf = (frame: number, fps: number): number => (frame - 0.5) / fps;
