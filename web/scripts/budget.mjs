// Fails when a page has grown beyond what it may weigh on the wire. All figures are gzip.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { STATIC, eagerFiles, manifest } from "./built.mjs";

const KB = 1024;
const chunks = manifest();
const weigh = (files) => files.reduce((sum, file) => sum + gzipSync(readFileSync(join(STATIC, file)), { level: 9 }).length, 0);
const ending = (files, suffix) => files.filter((file) => file.endsWith(suffix));
const named = (name) => Object.keys(chunks).find((key) => key.endsWith(name));

// the files that chunks.ts makes
const group = (name) => Object.keys(chunks).find((key) => chunks[key].name === name);
const workspace = eagerFiles(chunks, ["start", "frame", "workspace"].map(group));
const shared = new Set(workspace);
// the enlarged view is what fetches Plotly
const plotly = eagerFiles(chunks, [named("charts/Enlarged.tsx")]).filter((file) => !shared.has(file));
const styles = Object.values(chunks).map(({ file }) => file).filter((file) => file.endsWith(".css"));

const budgets = [
  ["workspace, script", weigh(ending(workspace, ".js")), 250],
  ["enlarged view with Plotly", weigh(ending(plotly, ".js")), 500],
  ["styles of all pages", weigh(styles), 20],
  ...Object.entries(chunks)
    .filter(([key, chunk]) => chunk.isDynamicEntry && key.endsWith("Page.tsx"))
    .map(([key]) => [key, weigh(ending(eagerFiles(chunks, [key]), ".js").filter((file) => !shared.has(file))), 40]),
];

let isOver = false;
for (const [name, bytes, limitKb] of budgets) {
  const isTooLarge = bytes > limitKb * KB;
  isOver ||= isTooLarge;
  console.log(`${isTooLarge ? "OVER" : "ok  "} ${name}: ${(bytes / KB).toFixed(1)} of ${limitKb} KB`);
}
if (isOver) {
  console.error("A page is heavier than it may be: load the new part with import(), or leave it out.");
  process.exit(1);
}
