/**
 * Which script files the build makes of the modules that are needed at once. Each file is a request, and a browser makes
 * six at a time: what opens a page together travels together.
 *
 * `start` is the first script, `frame` what every page needs, `workspace` what that page alone needs, and `shared` what it has in common with
 * others. A module that is only reached with `import()` is left to the bundler.
 */

type Module = { importedIds: readonly string[]; dynamicallyImportedIds: readonly string[] };
export type ModuleGraph = { getModuleInfo: (id: string) => Module | null };

/** A module of so many pages comes with the frame. */
const COMMON_TO = 8;

/** What the first script needs itself: it waits for no other file. */
export const FIRST = /\/src\/(start|early|stored)\.ts$|vite\/preload-helper|rolldown\/runtime/;
const WORKSPACE = "/workspace/WorkspacePage.tsx";
/** Comes with it, and runs before it is drawn. */
const OPENING = "/workspace/opening.ts";

/** The name of a module's file by its id, null where the bundler decides; `main` is the id of what imports all pages. */
export function chunkNames(main: string): (id: string, graph: ModuleGraph) => string | null {
  let names: ReadonlyMap<string, string> | null = null;
  return (id, graph) => {
    names ??= named(main, graph);
    return names.get(id) ?? null;
  };
}

function named(main: string, graph: ModuleGraph): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const frame = neededBy(main, graph);
  for (const id of frame) names.set(id, "frame");
  const pages = [...frame].flatMap((id) => graph.getModuleInfo(id)?.dynamicallyImportedIds ?? []).filter((id) => id.endsWith("Page.tsx"));
  const needs = new Map([...new Set(pages)].map((page) => [page, neededBy(page, graph)]));
  const workspace = pages.find((page) => page.endsWith(WORKSPACE));
  if (workspace === undefined) throw new Error(`no page that ${main} imports ends in ${WORKSPACE}; name the workspace's in chunks.ts`);
  const first = workspace.replace(WORKSPACE, OPENING);
  for (const id of [first, ...(needs.get(workspace) ?? [])]) {
    if (names.has(id)) continue;
    const count = [...needs.values()].filter((needed) => needed.has(id)).length;
    names.set(id, count <= 1 ? "workspace" : count < COMMON_TO ? "shared" : "frame");
  }
  return names;
}

/** A module and all that it imports, at whatever distance. */
function neededBy(root: string, graph: ModuleGraph): ReadonlySet<string> {
  const needed = new Set([root]);
  for (const id of needed) for (const next of graph.getModuleInfo(id)?.importedIds ?? []) needed.add(next);
  return needed;
}
