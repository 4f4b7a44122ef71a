/** A patch as files with coloured lines. Pure. */

export type PatchLine = { kind: "added" | "removed" | "context" | "hunk" | "meta"; text: string };
export type PatchFile = { path: string; lines: PatchLine[]; added: number; removed: number };

export function readPatch(patch: string): PatchFile[] {
  const files: PatchFile[] = [];
  let file: PatchFile | null = null;
  let isInHunk = false;
  for (const text of patch.split("\n")) {
    if (text.startsWith("diff --git ")) {
      file = { path: pathOf(text), lines: [], added: 0, removed: 0 };
      files.push(file);
      isInHunk = false;
      continue;
    }
    if (file === null) continue;
    if (text.startsWith("@@")) isInHunk = true;
    const kind = isInHunk ? kindOf(text) : "meta";
    if (kind === "added") file.added += 1;
    if (kind === "removed") file.removed += 1;
    file.lines.push({ kind, text });
  }
  for (const one of files) while (one.lines.at(-1)?.text === "") one.lines.pop();
  return files;
}

const pathOf = (text: string) => / b\/(.*)$/.exec(text)?.[1] ?? text.slice("diff --git ".length);

function kindOf(text: string): PatchLine["kind"] {
  if (text.startsWith("@@")) return "hunk";
  if (text.startsWith("+")) return "added";
  if (text.startsWith("-")) return "removed";
  return text.startsWith("\\") ? "meta" : "context";
}
