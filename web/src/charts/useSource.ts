/** Where a chart has its series from: the store of its page, or one beside it where the chart looks at them otherwise. */

import { useEffect, useMemo } from "react";
import type { Range, XAxis } from "./figure";
import type { SeriesSource } from "./store";

/** What a chart asks for by itself; null for what its page asks for. */
export type Look = { x: XAxis; range: Range | null; points?: number } | null;

export function useSource(store: SeriesSource, look: Look): SeriesSource {
  const isOwn = look !== null;
  const points = look?.points;
  const beside = useMemo(() => (isOwn ? store.beside?.(points === undefined ? {} : { points }) : undefined), [store, isOwn, points]);
  useEffect(() => {
    if (beside !== undefined && look !== null) beside.frame({ ...beside.framing(), x: look.x, range: look.range });
  });
  useEffect(() => (beside === undefined ? undefined : store.attach?.(beside)), [store, beside]);
  return beside ?? store;
}
