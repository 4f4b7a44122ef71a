/** Who runs what, as the processes themselves have said. Pure. */

import type { Consumer } from "../api";

/** The processes that asked for one alias, and what they hold. */
export type Running = {
  alias: string;
  /** That they asked for a version by its number, which points at itself. */
  isNumber: boolean;
  /** What it points at; null for one that nothing holds, or no longer. */
  version: number | null;
  /** Live ones by the version that they hold: what it points at first, then the newest. */
  groups: { version: number; consumers: Consumer[] }[];
  stale: Consumer[];
  /** Live ones that hold another version than the alias points at. */
  behind: number;
};

type Model = { aliases: readonly { alias: string; version: number }[]; latest_version: number | null };

/** One for each alias that points at something, in their order, then for what else processes have asked for. */
export function runningNow({ aliases, latest_version }: Model, consumers: readonly Consumer[]): Running[] {
  const byRef = new Map<string, Consumer[]>(aliases.map(({ alias }) => [alias, []]));
  for (const consumer of consumers) {
    const there = byRef.get(consumer.ref);
    if (there === undefined) byRef.set(consumer.ref, [consumer]);
    else there.push(consumer);
  }
  const points = new Map(aliases.map(({ alias, version }) => [alias, version]));
  const pointOf = (ref: string) => points.get(ref) ?? (ref === "latest" ? latest_version : numberOf(ref));
  return [...byRef].map(([alias, all]) => {
    const version = pointOf(alias);
    const live = all.filter(({ is_stale }) => !is_stale);
    return { alias, isNumber: numberOf(alias) !== null && !points.has(alias), version, groups: byVersion(live, version), stale: all.filter(({ is_stale }) => is_stale), behind: version === null ? 0 : live.filter((one) => one.version !== version).length };
  });
}

/** "v3" asks for that version and no other. */
const numberOf = (ref: string): number | null => (/^v[1-9][0-9]*$/.test(ref) ? Number(ref.slice(1)) : null);

function byVersion(consumers: readonly Consumer[], first: number | null): Running["groups"] {
  const groups = Map.groupBy(consumers, ({ version }) => version);
  return [...groups].map(([version, held]) => ({ version, consumers: held })).sort((a, b) => Number(b.version === first) - Number(a.version === first) || b.version - a.version);
}

/** Those that answer requests now: of this version first, then as recently heard of. */
export function servesOf(consumers: readonly Consumer[], version: number): (Consumer & { address: string })[] {
  const live = consumers.filter((one): one is Consumer & { address: string } => one.kind === "serve" && !one.is_stale && one.address !== null);
  return live.sort((a, b) => Number(b.version === version) - Number(a.version === version) || b.seen_ms - a.seen_ms);
}

/** "3 processes on 2 hosts" */
export function countText(consumers: readonly Pick<Consumer, "host">[]): string {
  const hosts = new Set(consumers.map(({ host }) => host)).size;
  const first = `${String(consumers.length)} ${consumers.length === 1 ? "process" : "processes"}`;
  return consumers.length === 1 ? first : `${first} on ${String(hosts)} ${hosts === 1 ? "host" : "hosts"}`;
}
