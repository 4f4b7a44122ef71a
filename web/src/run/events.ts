/** What happened to a run, in words. Pure. */

import type { RunEvent } from "../api";

const SIGNS: Record<RunEvent["kind"], string> = { started: "▶", resumed: "▶", alert: "▲", stop: "‖", ended: "■", correction: "✎", registry: "★" };

const ENDINGS: Record<string, string> = { finished: "Finished", failed: "Failed", stopped: "Stopped" };

export const signOf = ({ kind }: Pick<RunEvent, "kind">): string => SIGNS[kind];

type Told = Pick<RunEvent, "kind" | "text" | "action" | "metric" | "shown_as" | "model" | "version" | "alias">;

/** Without who and why, which stand beside it. */
export function wordsOf(event: Told): string {
  switch (event.kind) {
    case "started":
      return "Started";
    case "resumed":
      return "Resumed";
    case "alert":
      return event.text ?? "";
    case "stop":
      return "Asked to stop";
    case "ended":
      return ENDINGS[event.text ?? ""] ?? "Ended";
    case "correction":
      return correctionWords(event);
    case "registry":
      return registryWords(event);
  }
}

function correctionWords({ action, metric, shown_as }: Told): string {
  const name = metric ?? "a metric";
  switch (action) {
    case "run.archived":
      return "Archived";
    case "run.unarchived":
      return "Taken out of the archive";
    case "run.deleted":
      return "Deleted";
    case "run.restored":
      return "Restored";
    case "metric.renamed":
      return `${name} renamed to ${shown_as ?? "?"}`;
    case "metric.hidden":
      return `${name} hidden`;
    case "metric.deleted":
      return `${name} deleted`;
    case "metric.purged":
      return `${name} deleted for good`;
    default:
      return "A correction undone";
  }
}

function registryWords({ action, model, version, alias }: Told): string {
  const name = `${model ?? "a model"} v${String(version ?? "?")}`;
  switch (action) {
    case "version.registered":
      return `Registered as ${name}`;
    case "alias.rolled_back":
      return `${name} rolled back to ${alias ?? "an alias"}`;
    case "alias.removed":
      return `${name} lost ${alias ?? "an alias"}`;
    case "version.changed":
      return `${name} changed`;
    case "version.verified":
      return `${name} verified`;
    case "version.deleted":
      return `${name} deleted`;
    case "proposal.opened":
      return `${name} proposed for ${alias ?? "an alias"}`;
    case "proposal.approved":
      return `${name} approved for ${alias ?? "an alias"}`;
    case "proposal.rejected":
      return `${name} rejected for ${alias ?? "an alias"}`;
    case "proposal.withdrawn":
      return `Proposal of ${name} for ${alias ?? "an alias"} withdrawn`;
    default:
      return `${name} promoted to ${alias ?? "an alias"}`;
  }
}
