/** Fetches what a panel is about to show, so that it is there at once when it is shown. */

import type { QueryClient } from "@tanstack/react-query";
import type { Media, MediaGroup } from "../api";
import { queries } from "../queries";
import { mediaAt } from "./asking";
import { maskOf } from "./images/Masks";
import { readImage } from "./images/marks";

type Place = { project: string; runs: readonly string[]; name: string; count: number };

/** `shown` names the images of a group that will be seen, by their addresses; `isMarked` where their masks will be too. */
export async function prepare(client: QueryClient, { project, runs, name, count }: Place, step: number | null, { shown, isMarked }: { shown: (group: MediaGroup) => readonly string[]; isMarked: boolean }): Promise<void> {
  const groups = await client.fetchQuery(mediaAt(project, runs, name, step, count));
  const pieces = groups.flatMap(({ media }) => media);
  const whole = await Promise.all(pieces.map((piece) => (piece.is_abridged ? client.fetchQuery(queries.mediaPiece(piece.id)) : piece)));
  await Promise.allSettled([
    ...groups.flatMap(shown).map(decoded),
    ...(isMarked ? whole.flatMap((piece) => readImage(piece.details).masks.map((mask) => client.fetchQuery(maskOf(piece, mask)))) : []),
  ]);
}

/** The address of the bytes of the piece at a place of a group, as a list of none or one. */
export const contentAt = ({ media }: MediaGroup, place: number): readonly string[] => media.slice(Math.max(0, Math.min(place, media.length - 1))).slice(0, 1).flatMap(contentOf);

const contentOf = ({ kind, content_url: address }: Media): readonly string[] => (kind === "image" && address !== null ? [address] : []);

const MOST_KEPT = 200;
/** Images that were fetched last; a browser that still has one shows it again at once. */
const kept = new Map<string, HTMLImageElement>();

async function decoded(address: string): Promise<void> {
  const image = kept.get(address) ?? new Image();
  kept.delete(address);
  kept.set(address, image);
  for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - MOST_KEPT))) kept.delete(oldest);
  if (image.src === "") image.src = address;
  await image.decode();
}
