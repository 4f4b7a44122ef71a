/**
 * Asks for the first runs of a workspace while it is still being built. It finds them in the cache, or on their way: it asks
 * for the same, and for whatever else it needs by itself.
 */

import { parseSearch } from "../address";
import type { Keys } from "../api";
import { client, queries } from "../queries";
import { isBare, startingSearch } from "../views/starting";
import { askedColumns, columnKeys } from "./columns";
import { labelCandidates } from "./labels";
import { runPages } from "./runs";
import { type View, readView } from "./view";

/** `project` and `query` as they stand in the address. What goes wrong is told when the page asks. */
export async function askForRuns(project: string, query: string): Promise<void> {
  try {
    const name = decodeURIComponent(project);
    const search = parseSearch(query);
    // a saved view has to be fetched first
    if (search["v"] !== undefined) return;
    const view = readView(isBare(search) ? startingSearch(name) : search);
    if (view.columns !== null) return;
    const keys = await client.ensureQueryData(queries.keys(name));
    await client.prefetchInfiniteQuery(runPages(name, firstCriteria(view, keys)));
  } catch {
    return;
  }
}

function firstCriteria(view: View, keys: Keys) {
  const { text, filter, status, archived, sort } = view;
  const columns = askedColumns([...columnKeys(null, keys, view.mode === "table"), ...labelCandidates(view.labels, keys)]);
  return { text, filter, status, archived, sort, columns };
}
