/** The first of many: what nobody reads to the end is drawn as far as one asks for it. */

import { type ReactNode, useState } from "react";
import { formatCount } from "../format";

/** At first `count` of them, and so many more with each press of `more`, which is null where there are no more. */
export function useFew<T>(all: readonly T[], count: number): { shown: readonly T[]; more: ReactNode } {
  const [limit, setLimit] = useState(count);
  const left = all.length - limit;
  if (left <= 0) return { shown: all, more: null };
  const next = Math.min(left, Math.max(count, 200));
  const more = (
    <button type="button" data-look="link" onClick={() => { setLimit(limit + next); }}>
      {next === left ? `Show ${formatCount(left)} more` : `Show ${formatCount(next)} of ${formatCount(left)} more`}
    </button>
  );
  return { shown: all.slice(0, limit), more };
}
