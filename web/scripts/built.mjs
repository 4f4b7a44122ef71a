// Where `vite build` writes, and what it wrote.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const STATIC = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "server", "tracker_server", "static");

export const manifest = () => JSON.parse(readFileSync(join(STATIC, ".vite", "manifest.json"), "utf8"));

/** The files that a page needs before it can be shown: its chunk and all that this imports without `import()`. */
export function eagerFiles(chunks, entries) {
  const seen = new Set();
  const visit = (key) => {
    if (seen.has(key)) return;
    seen.add(key);
    (chunks[key].imports ?? []).forEach(visit);
  };
  entries.forEach(visit);
  const files = [...seen].flatMap((key) => [chunks[key].file, ...(chunks[key].css ?? [])]);
  return [...new Set(files)];
}
