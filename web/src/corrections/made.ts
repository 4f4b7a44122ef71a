/** After a correction: what the page has of a project's metrics and runs is asked for again, its charts included. */

import { type Correction, api, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { signal } from "../frame/signal";
import { client } from "../queries";

/** Rises with each correction that is made on this page; charts follow it. */
export const corrections = signal(0);

const TOUCHED = ["runs", "run", "newest", "keys", "compare", "corrections", "trash", "projects", "project", "artifacts", "artifact", "space", "retention"];

export async function correctionMade(): Promise<void> {
  corrections.set(corrections.get() + 1);
  await client.invalidateQueries({ predicate: ({ queryKey: [kind] }) => TOUCHED.some((one) => one === kind) });
}

const UNDO_MS = 10_000;

/** Says what was done, and for ten seconds how to take it back. */
export function announceCorrection(project: string, entry: Correction, text: string): void {
  toast({ text, about: `correction ${String(entry.id)}`, lastsMs: UNDO_MS, action: { label: "Undo", run: () => void undoCorrection(project, entry.id) } });
}

/** Answers whether it was undone; where it was not, a toast says why. */
export async function undoCorrection(project: string, entry: number): Promise<boolean> {
  try {
    await api.undoCorrection(project, entry);
  } catch (error) {
    toast({ text: `Not undone: ${reasonOf(error)}`, isBad: true, lastsMs: UNDO_MS });
    return false;
  } finally {
    await correctionMade();
  }
  return true;
}
