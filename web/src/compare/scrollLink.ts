/**
 * Panes that scroll together: the one that a hand is on leads, and the others follow. Only what the leader tells counts,
 * so that following is never taken for leading.
 */

/** The line at the upper edge of the leader, and when it was printed, where that is known. */
export type Moment = { line: number; sinceStartMs: number | null };

export class ScrollLink {
  private leader: string | null = null;
  private readonly followers = new Map<string, (moment: Moment) => void>();

  lead(pane: string): void {
    this.leader = pane;
  }

  /** Calls back with where the others lead, until the answer is called. */
  follow(pane: string, go: (moment: Moment) => void): () => void {
    this.followers.set(pane, go);
    return () => { this.followers.delete(pane); };
  }

  tell(pane: string, moment: Moment): void {
    if (pane !== this.leader) return;
    for (const [other, go] of this.followers) if (other !== pane) go(moment);
  }
}

/** The first of `count` lines that was printed at or after a time; the last one where all came before. Times ascend. O(log n) of them are asked for. */
export async function firstLineFrom(timeMs: number, count: number, timeOf: (line: number) => Promise<number>): Promise<number> {
  let low = 0;
  let high = Math.max(0, count - 1);
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((await timeOf(middle)) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
