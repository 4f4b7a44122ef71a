/** What differs in the code of two runs: their commits, their uncommitted patches file by file, their captured files. Pure. */

import type { RunDetail } from "../api";
import { gitOf, sourcesOf } from "../run/environment";
import { readPatch } from "../run/patch";
import { type DiffLine, changedLines } from "./textDiff";

export type FileChange = { name: string; kind: "added" | "removed" | "changed"; lines: DiffLine[] | null };
export type CodeChanges = { commits: [string | null, string | null]; patches: FileChange[]; sources: FileChange[] };

type Environment = RunDetail["environment"];

export function codeChanges(before: Environment, after: Environment): CodeChanges {
  return {
    commits: [gitOf(before)?.commit ?? null, gitOf(after)?.commit ?? null],
    patches: changesOf(patchesOf(before), patchesOf(after)),
    sources: changesOf(textsOf(before), textsOf(after)),
  };
}

const patchesOf = (environment: Environment) => new Map(readPatch(gitOf(environment)?.patch ?? "").map(({ path, lines }) => [path, lines.map(({ text }) => text).join("\n")]));

const textsOf = (environment: Environment) => new Map(sourcesOf(environment).map(({ name, text }) => [name, text]));

function changesOf(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): FileChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((name): FileChange[] => {
    const [old, fresh] = [before.get(name), after.get(name)];
    if (old === fresh) return [];
    const kind = old === undefined ? "added" : fresh === undefined ? "removed" : "changed";
    return [{ name, kind, lines: changedLines(old ?? "", fresh ?? "") }];
  });
}
