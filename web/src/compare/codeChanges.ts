/**
 * What differs in the code of two runs: their commits and those between, their uncommitted patches file by file, their
 * captured files, their packages. Pure.
 */

import type { RunDetail } from "../api";
import { type Line, comparedLines } from "../parts/comparedLines";
import { type Commit, gitOf, packagesOf, sourcesOf } from "../run/environment";
import { readPatch } from "../run/patch";

export type FileChange = { name: string; kind: "added" | "removed" | "changed"; lines: Line[] | null };
/** Versions; null where the package is not installed. */
export type PackageChange = { name: string; before: string | null; after: string | null };
/** The commits that one has and the other has not, newest first; null where the two logs have none in common. */
export type Between = { before: Commit[]; after: Commit[] } | null;
export type CodeChanges = { commits: [string | null, string | null]; between: Between; patches: FileChange[]; sources: FileChange[]; packages: PackageChange[] };

type Environment = RunDetail["environment"];

export function codeChanges(before: Environment, after: Environment): CodeChanges {
  return {
    commits: [gitOf(before)?.commit ?? null, gitOf(after)?.commit ?? null],
    patches: changesOf(patchesOf(before), patchesOf(after)),
    between: between(gitOf(before)?.log ?? [], gitOf(after)?.log ?? []),
    sources: changesOf(textsOf(before), textsOf(after)),
    packages: packageChanges(new Map(packagesOf(before)), new Map(packagesOf(after))),
  };
}

function between(before: readonly Commit[], after: readonly Commit[]): Between {
  const [old, fresh] = [idsOf(before), idsOf(after)];
  if (!before.some(({ id }) => fresh.has(id))) return null;
  return { before: before.filter(({ id }) => !fresh.has(id)), after: after.filter(({ id }) => !old.has(id)) };
}

const idsOf = (log: readonly Commit[]) => new Set(log.map(({ id }) => id));

function packageChanges(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): PackageChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted((a, b) => a.localeCompare(b));
  return names.map((name) => ({ name, before: before.get(name) ?? null, after: after.get(name) ?? null })).filter((change) => change.before !== change.after);
}

const patchesOf = (environment: Environment) => new Map(readPatch(gitOf(environment)?.patch ?? "").map(({ path, lines }) => [path, lines.map(({ text }) => text).join("\n")]));

const textsOf = (environment: Environment) => new Map(sourcesOf(environment).map(({ name, text }) => [name, text]));

function changesOf(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): FileChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((name): FileChange[] => {
    const [old, fresh] = [before.get(name), after.get(name)];
    if (old === fresh) return [];
    const kind = old === undefined ? "added" : fresh === undefined ? "removed" : "changed";
    return [{ name, kind, lines: comparedLines(old ?? "", fresh ?? "") }];
  });
}
