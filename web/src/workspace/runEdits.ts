/** Changing the name, tags and notes of a run, so that nobody's change is lost without a word. */

import { ApiError, type RunChanges, type RunRow, api } from "../api";
import { runChanged } from "../queries";
import { takeNews } from "./runs";

export type EditedText = { name: string; tags: string; notes: string };

export const tagsOf = (text: string): string[] => [...new Set(text.split(",").map((tag) => tag.trim()).filter((tag) => tag !== ""))];

/** `seen` is what stood there when the editing began. Raises what the server says, also of another's change. */
export async function saveRun(row: RunRow, seen: EditedText, edited: EditedText): Promise<void> {
  const changes: RunChanges = {};
  const before: NonNullable<RunChanges["before"]> = {};
  if (edited.name !== seen.name) [changes.name, before.name] = [edited.name.trim(), seen.name];
  if (edited.notes !== seen.notes) [changes.notes, before.notes] = [edited.notes, seen.notes];
  if (edited.tags !== seen.tags) [changes.tags, before.tags] = [tagsOf(edited.tags), tagsOf(seen.tags)];
  if (Object.keys(changes).length === 0) return;
  const saved = await api.changeRun(row.id, { ...changes, before });
  takeNews(row.project, [{ ...row, name: saved.name, tags: saved.tags, notes: saved.notes }], []);
  void runChanged(row.id);
}

/** Somebody else was faster. */
export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.code === "changed_meanwhile";
