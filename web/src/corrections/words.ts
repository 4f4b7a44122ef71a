/** Corrections in words. Pure. */

import type { Correction, Purged } from "../api";
import { formatBytes, plural } from "../format";

export type MetricAction = "rename" | "hide" | "delete";

/** What was done, behind the name of who did it. */
export function actOf({ action, metric, shown_as, run, run_name, details }: Correction): string {
  const name = metric ?? "a metric";
  const runName = run_name ?? (run === null ? "a run" : `run ${run}, which is gone`);
  const where = run === null ? "" : ` in ${runName}`;
  switch (action) {
    case "metric.renamed":
      return `renamed ${name} to ${shown_as ?? "?"}${where}`;
    case "metric.hidden":
      return `hid ${name}${where}`;
    case "metric.deleted":
      return `deleted ${name}${where}`;
    case "metric.purged":
      return `deleted ${name}${where} for good`;
    case "run.archived":
      return `archived ${runName}`;
    case "run.unarchived":
      return `took ${runName} out of the archive`;
    case "run.deleted":
      return `deleted ${runName}`;
    case "run.restored":
      return `restored ${runName}`;
    case "run.purged":
      return `deleted ${runName} for good`;
    case "run.returned":
      return `brought ${runName} back by logging to it`;
    case "project.archived":
      return "archived the project";
    case "project.unarchived":
      return "took the project out of the archive";
    case "artifact.alias_moved":
      return `moved the alias ${said(details["alias"])} of ${said(details["artifact"])} to ${said(details["to"])}`;
    case "artifact.alias_removed":
      return `took the alias ${said(details["alias"])} off ${said(details["artifact"])}:${said(details["from"])}`;
    case "artifact.deleted":
      return `deleted ${versionOf(details)}`;
    case "artifact.restored":
      return `restored ${versionOf(details)}`;
    case "artifact.purged":
      return `deleted ${versionOf(details)} for good`;
    case "artifact.policy":
      return `chose which versions of ${said(details["artifact"])} stay`;
    case "correction.undone":
      return `undid an earlier entry${metric === null ? (run === null ? "" : ` about ${runName}`) : ` about ${name}${where}`}`;
  }
}

const versionOf = (details: Correction["details"]) => `${said(details["artifact"])}:v${String(details["version"])}`;

const said = (value: unknown) => (typeof value === "string" ? value : "?");

/** What a correction did to a metric, for the one who has just done it. */
export function doneText(action: MetricAction, metric: string, shownAs: string, scope: string): string {
  if (action === "rename") return `Renamed ${metric} to ${shownAs} in ${scope}`;
  return `${action === "hide" ? "Hid" : "Deleted"} ${metric} in ${scope}`;
}

/** What was deleted for good, as a sentence. */
export function purgedText({ run_count, series_count, version_count, blob_bytes }: Purged): string {
  const parts = [
    run_count > 0 ? plural(run_count, "run") : null,
    series_count > 0 ? `${String(series_count)} series` : null,
    version_count > 0 ? plural(version_count, "artifact version") : null,
  ].filter((part) => part !== null);
  const freed = blob_bytes > 0 ? `; ${formatBytes(blob_bytes)} of files freed` : "";
  return `Deleted for good: ${parts.length === 0 ? "nothing" : parts.join(", ")}${freed}`;
}
