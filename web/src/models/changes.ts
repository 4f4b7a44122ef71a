/** What somebody changed of a model or a version, in the words of the history. Pure. */

import type { AuditEntry } from "../api";
import { own } from "../own";

type Changed = Pick<AuditEntry, "changes">;

const FIELDS: Record<string, string> = { description: "the description", tags: "the tags", main_metric: "the main metric" };
const STATES: Record<string, string> = { active: "took back what was said of", deprecated: "deprecated", archived: "archived" };

/** "changed the tags of", to be followed by the model. */
export function modelChange(entry: Changed): string {
  const archiving = entry.changes?.find(({ field }) => field === "is_archived");
  if (archiving !== undefined) return archiving.after === true ? "archived" : "took out of the archive";
  return fieldsChanged(entry);
}

/** "deprecated", to be followed by the version. */
export function versionChange(entry: Changed): string {
  const state = entry.changes?.find(({ field }) => field === "state");
  return (state === undefined ? null : own(STATES, String(state.after))) ?? fieldsChanged(entry);
}

function fieldsChanged({ changes = [] }: Changed): string {
  const names = changes.map(({ field }) => own(FIELDS, field) ?? field);
  return names.length === 0 ? "changed" : `changed ${names.join(" and ")} of`;
}
