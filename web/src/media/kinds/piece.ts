/** What the components of this folder are given: pieces of media that stand together, and the runs that logged them. */

import type { Media } from "../../api";

/** Its `details` are as they were logged and are read by `details.ts`. */
export type Piece = Media;

export type ShownRun = { id: string; name: string; hue: number };

/** `step` is where the slider of the page rests; `large` is alone on the screen, `small` one among many. */
export type Showing = { step: number; runs: readonly ShownRun[]; size: "small" | "large" };

/** What every component here gets. The pieces are of one name and kind; there is at least one. */
export type Shown = Showing & { media: readonly Piece[] };

export const runOf = (piece: Piece, runs: readonly ShownRun[]): ShownRun => runs.find(({ id }) => id === piece.run) ?? { id: piece.run, name: piece.run, hue: 0 };

export const isOfSeveralRuns = (media: readonly Piece[]): boolean => new Set(media.map(({ run }) => run)).size > 1;

/** Whose piece it is, and which of several: what stays the same from step to step. */
export const placeOf = ({ run, position }: Pick<Piece, "run" | "position">): string => `${run} ${String(position)}`;

/** How a piece is told from those that it stands with: by its run, its step, and its place in a list that was logged. */
export function titleOf(piece: Piece, { media, runs }: Pick<Shown, "media" | "runs">): string {
  const parts = [
    isOfSeveralRuns(media) ? runOf(piece, runs).name : "",
    media.some(({ step }) => step !== piece.step) ? `step ${String(piece.step)}` : "",
    media.some(({ id, run, step }) => id !== piece.id && run === piece.run && step === piece.step) ? `number ${String(piece.position + 1)}` : "",
  ];
  return parts.filter((part) => part !== "").join(", ") || piece.name;
}
