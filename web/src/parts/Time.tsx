/** A moment as its distance from now, with the moment itself in the title. */

import { useNow } from "../clock";
import { formatAgo, formatDuration, formatMoment } from "../format";

export function Ago({ ms }: { ms: number }) {
  return (
    <time dateTime={new Date(ms).toISOString()} title={formatMoment(ms)}>
      {formatAgo(ms, useNow())}
    </time>
  );
}

/** How long it took, or has been taking so far. */
export function Lasting({ from, to }: { from: number; to: number | null }) {
  const now = useNow();
  return <span className="number">{formatDuration(Math.max(0, (to ?? now) - from))}</span>;
}
