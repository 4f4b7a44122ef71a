/** One change of many runs, in one request, and its undo, which is the opposite for those that it has changed. */

import { type RunsChange, api, reasonOf } from "../api";
import { plural } from "../format";
import { toast } from "../frame/Toasts";
import { client, queries } from "../queries";
import { type Criteria, refetchRuns, takeNews } from "./runs";

/** Runs by their ids, or all that a search finds, however many. */
export type Chosen = { kind: "runs"; ids: readonly string[] } | { kind: "matching"; criteria: Criteria };

type Action = RunsChange["action"];
type Asked = { action: Action; tag?: string };

const OPPOSITE: Readonly<Record<Action, Action | null>> = {
  tag: "untag",
  untag: "tag",
  archive: "unarchive",
  unarchive: "archive",
  delete: "restore",
  restore: "delete",
  stop: null,
};

/** Tells how it went and offers the way back. Raises only where `onDone` is not given: then a dialog tells. */
export async function changeChosen(project: string, chosen: Chosen, asked: Asked, onDone?: () => void): Promise<void> {
  try {
    const { runs } = await api.changeRuns(project, { ...asked, ...asBody(chosen) });
    if (asked.action === "delete") takeNews(project, [], runs);
    onDone?.();
    tellDone(project, runs, asked);
  } catch (error) {
    if (onDone === undefined) throw error;
    toast({ text: `Nothing was changed: ${reasonOf(error)}`, isBad: true });
  }
  await refresh(project);
}

function asBody(chosen: Chosen): Pick<RunsChange, "runs" | "text" | "filter" | "status" | "archived"> {
  if (chosen.kind === "runs") return { runs: [...chosen.ids] };
  const { text, filter, status, archived } = chosen.criteria;
  return { text, filter, status, archived };
}

function tellDone(project: string, runs: readonly string[], { action, tag = "" }: Asked): void {
  const back = OPPOSITE[action];
  toast({
    text: sentence(action, runs.length, tag),
    lastsMs: 10_000,
    ...(back === null || runs.length === 0 ? {} : { action: { label: "Undo", run: () => void undo(project, runs, { action: back, tag }) } }),
  });
}

function sentence(action: Action, count: number, tag: string): string {
  const runs = plural(count, "run");
  switch (action) {
    case "tag": return `Tagged ${runs} “${tag}”`;
    case "untag": return `Removed “${tag}” from ${runs}`;
    case "archive": return `Archived ${runs}`;
    case "unarchive": return `Took ${runs} out of the archive`;
    case "delete": return `Deleted ${runs}`;
    case "restore": return `Brought ${runs} back`;
    case "stop": return `Asked ${runs} to stop`;
  }
}

async function undo(project: string, runs: readonly string[], asked: Asked): Promise<void> {
  try {
    await api.changeRuns(project, { ...asked, runs: [...runs] });
  } catch (error) {
    toast({ text: `Not undone: ${reasonOf(error)}`, isBad: true });
  }
  await refresh(project);
}

async function refresh(project: string): Promise<void> {
  await Promise.all([refetchRuns(project), client.invalidateQueries({ queryKey: queries.trash(project).queryKey }), client.invalidateQueries({ queryKey: ["run"] })]);
}
