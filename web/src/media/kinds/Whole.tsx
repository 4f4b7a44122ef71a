/** Pieces whose details were left out of a list for their size, fetched one by one. */

import { useQueries } from "@tanstack/react-query";
import type { ComponentType } from "react";
import { api } from "../../api";
import { Failure, Outline } from "../../parts/Note";
import type { Shown } from "./piece";

export function Whole({ kind: Kind, shown }: { kind: ComponentType<Shown>; shown: Shown }) {
  const abridged = shown.media.filter((piece) => piece.is_abridged);
  const found = useQueries({
    queries: abridged.map(({ id }) => ({ queryKey: ["media", id], queryFn: ({ signal }: { signal: AbortSignal }) => api.oneMedia(id, { signal }), staleTime: Infinity })),
  });
  const failed = found.find(({ error }) => error !== null);
  if (failed !== undefined) return <Failure what="What it says of itself could not be fetched." error={failed.error} onRetry={() => { for (const one of found) void one.refetch(); }} />;
  const whole = new Map(found.flatMap(({ data }) => (data === undefined ? [] : [[data.id, data] as const])));
  if (whole.size < abridged.length) return <Outline lines={6} />;
  return <Kind {...shown} media={shown.media.map((piece) => whole.get(piece.id) ?? piece)} />;
}
