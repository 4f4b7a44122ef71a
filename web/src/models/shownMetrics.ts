/** The few metrics that fit into a table of versions. Pure. */

import type { ModelVersion } from "../api";
import { isHeldOut } from "../charts/sections";

const MOST = 4;

/** The main one, then those that most versions have, and of these the ones measured on held-out data first. */
export function shownMetrics(versions: readonly Pick<ModelVersion, "metrics">[], main: string | null = null): string[] {
  const counts = new Map<string, number>();
  for (const { metrics } of versions) {
    for (const [name, { kind }] of Object.entries(metrics)) if (kind !== "system") counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const rank = (name: string) => (counts.get(name) ?? 0) * (isHeldOut(name) ? 2 : 1);
  const others = [...counts.keys()].filter((name) => name !== main).toSorted((a, b) => rank(b) - rank(a) || a.localeCompare(b));
  return [...(main === null ? [] : [main]), ...others].slice(0, MOST);
}
