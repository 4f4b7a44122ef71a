/** Which of many runs somebody may have meant by an id that is none. Pure. */

type Named = { id: string; name: string };

const MOST = 5;

/** Those that are called so, and those whose id begins the same or differs in little; the likeliest first. */
export function nearest<Run extends Named>(text: string, runs: readonly Run[]): Run[] {
  const wanted = text.toLowerCase();
  return runs
    .map((run) => ({ run, distance: run.name.toLowerCase() === wanted ? 0 : distanceOf(wanted, run.id.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(2, wanted.length / 4))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, MOST)
    .map(({ run }) => run);
}

/** How many letters one would have to change, add or take away. An id that was cut off counts as near. O(n m). */
function distanceOf(one: string, other: string): number {
  if (one.length >= 4 && other.startsWith(one)) return 1;
  if (Math.abs(one.length - other.length) > MOST_LETTERS) return Infinity;
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let down = 1; down <= one.length; down += 1) {
    const next = [down];
    for (let across = 1; across <= other.length; across += 1) {
      const isSame = one[down - 1] === other[across - 1];
      next.push(Math.min((row[across] ?? 0) + 1, (next[across - 1] ?? 0) + 1, (row[across - 1] ?? 0) + (isSame ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? Infinity;
}

const MOST_LETTERS = 6;
