/** Pieces of one name: images as a grid that enlarges, other kinds each as its component shows them. */

import { useQueries } from "@tanstack/react-query";
import type { Media } from "../api";
import { Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import { ImageGrid } from "./images/ImageGrid";
import type { Marking } from "./images/marks";
import { showMedia } from "./kinds";
import type { Showing } from "./kinds/piece";

type Props = Showing & { media: readonly Media[]; marking: Marking; onEnlarge: (piece: Media) => void };

export function Pieces({ media, marking, onEnlarge, ...showing }: Props) {
  const whole = useWhole(media);
  if (whole.error !== null) return <Failure what="This could not be fetched." error={whole.error} />;
  if (whole.media === null) return <Outline />;
  const kinds = Map.groupBy(whole.media, ({ kind }) => kind);
  return [...kinds].map(([kind, pieces]) => (kind === "image" ? <ImageGrid key={kind} pieces={pieces} marking={marking} onEnlarge={onEnlarge} /> : <div key={kind}>{showMedia(pieces, showing)}</div>));
}

/** Lists leave out what is large: it is asked for piece by piece. */
export function useWhole(media: readonly Media[]): { media: Media[] | null; error: Error | null } {
  const abridged = media.filter(({ is_abridged }) => is_abridged);
  const found = useQueries({ queries: abridged.map(({ id }) => queries.mediaPiece(id)) });
  const error = found.find((one) => one.error !== null)?.error ?? null;
  if (found.some(({ data }) => data === undefined)) return { media: null, error };
  const byId = new Map(found.flatMap(({ data }) => (data === undefined ? [] : [[data.id, data]])));
  return { media: media.map((piece) => byId.get(piece.id) ?? piece), error: null };
}
