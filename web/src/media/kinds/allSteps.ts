/** Every piece of a name of a run, page by page. */

import { api } from "../../api";
import type { Piece } from "./piece";

const MOST_PAGES = 25;

/** `isCut` where there is more than so many pages hold. One of several that were logged at a step stands for its step. */
export async function everyPiece({ run, name, kind }: Pick<Piece, "run" | "name" | "kind">, signal: AbortSignal): Promise<{ pieces: Piece[]; isCut: boolean }> {
  const pieces: Piece[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await api.mediaOfName(run, { name, kind, limit: 200, cursor }, { signal });
    const firsts = answer.media.filter(({ position }) => position === 0);
    pieces.push(...(await Promise.all(firsts.map((piece) => (piece.is_abridged ? api.oneMedia(piece.id, { signal }) : piece)))));
    cursor = answer.next_cursor;
    if (cursor === null) return { pieces, isCut: false };
  }
  return { pieces, isCut: true };
}
