/** Policies, what keeps a version, and what becomes of it, in words. Pure. */

import type { Keeper, ProjectStorage, RetentionPolicy, VersionFate } from "../api";
import { formatNumber } from "../format";
import { goalWords } from "../goals";

/** Lets nothing go. */
export const NO_POLICY: RetentionPolicy = { keep_best: null, metric: "", goal: "max", keep_last: null, ttl_days: null };

export const isNone = ({ keep_best: best, keep_last: last, ttl_days: days }: Partial<RetentionPolicy>): boolean => (best ?? last ?? days ?? null) === null;

/** All that a project keeps in files, as far as it is known. */
export const bytesOf = ({ artifact_bytes: artifacts, media_bytes: media }: ProjectStorage): number => artifacts + media;

export function policyText(policy: Partial<RetentionPolicy>): string {
  const { keep_best: best = null, metric = "", goal = "max", keep_last: last = null, ttl_days: days = null } = policy;
  const staying = [
    best === null ? null : `the best ${best === 1 ? "one" : String(best)} by ${metric} (${goalWords(goal)})`,
    last === null ? null : `the newest ${last === 1 ? "one" : String(last)}`,
  ].filter((part) => part !== null);
  if (isNone(policy)) return "every version stays";
  const after = days === null || days === 0 ? "at once" : `after ${formatDays(days)}`;
  return staying.length === 0 ? `each version goes ${after}` : `${staying.join(" and ")} ${staying.length > 1 || best !== 1 && last !== 1 ? "stay" : "stays"}; the others go ${after}`;
}

export const formatDays = (days: number): string => (days === 1 ? "1 day" : `${formatNumber(days)} days`);

export function keeperText({ kind, name }: Keeper): string {
  switch (kind) {
    case "model":
      return `${told(name, "model version")} is made of it`;
    case "evidence":
      return `${told(name, "model version")} is judged by it`;
    case "rule":
      return `a rule of ${told(name, "model")} names it`;
    case "leaderboard":
      return `${told(name, "leaderboard")} ranks by it`;
    case "alias":
      return `it has the alias ${name}`;
    case "runs":
      return `${name === "1" ? "1 run has" : `${name} runs have`} read it`;
    case "newest":
      return "it is the newest";
    case "hand":
      return "somebody took it out of the trash";
  }
}

/** One has no name where one does not see its project. */
const told = (name: string, what: string): string => (name === "" ? `a ${what} of another project` : `the ${what} ${name}`);

/** What holds a version against a person too: a policy is held by more. */
export const holding = (keepers: readonly Keeper[], isEvenIfRead: boolean): readonly Keeper[] =>
  keepers.filter(({ kind }) => kind !== "newest" && kind !== "hand" && !(kind === "runs" && isEvenIfRead));

export const readers = ({ keepers }: VersionFate): number => Number(keepers.find(({ kind }) => kind === "runs")?.name ?? 0);

/** One that goes is there for a moment only: the server looks every ten minutes. */
export function fateText({ fate, reason, expires_ms: expiresMs }: VersionFate, nowMs: number): string {
  switch (fate) {
    case "kept":
      return `Kept: ${reason}`;
    case "stays":
      return `Stays: ${reason}`;
    case "goes":
      return `Goes to the trash: ${reason}`;
    case "expires":
      return `Goes to the trash in ${formatDays(Math.max(1, Math.ceil(((expiresMs ?? nowMs) - nowMs) / 86_400_000)))}: ${reason}`;
  }
}

export const versionNames = (versions: readonly { version: number }[], most = 12): string =>
  versions.slice(0, most).map(({ version }) => `v${String(version)}`).join(", ") + (versions.length > most ? ` and ${String(versions.length - most)} more` : "");

