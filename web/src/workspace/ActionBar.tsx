/** What can be done with the runs that are selected. */

import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { type RunRow, api, reasonOf } from "../api";
import { plural } from "../format";
import { toast } from "../frame/Toasts";
import { useKeys } from "../frame/keys";
import { Dialog } from "../parts/Dialog";
import styles from "./ActionBar.module.css";
import { refetchRuns, takeNews } from "./runs";

type Props = { project: string; selected: ReadonlySet<string>; rows: readonly RunRow[]; onDone: () => void };

/** More columns than this cannot be read beside each other. */
const MOST_COMPARED = 20;

export function ActionBar({ project, selected, rows, onDone }: Props) {
  const navigate = useNavigate();
  const [isTagging, setIsTagging] = useState(false);
  const ids = [...selected];
  const known = rows.filter(({ id }) => selected.has(id));
  const isArchived = known.length > 0 && known.every((row) => row.is_archived);
  const compare = () => {
    if (ids.length === 0) return;
    void navigate({ to: "/p/$project/compare", params: { project }, search: { runs: ids.slice(0, MOST_COMPARED).join(",") } });
  };
  useKeys([{ key: "c", label: "Compare the selected runs", run: compare }]);
  if (ids.length === 0) return null;
  return (
    <div className={styles["bar"]} role="toolbar" aria-label="Selected runs">
      <span role="status">{ids.length} selected</span>
      <button type="button" data-look="primary" onClick={compare} disabled={ids.length > MOST_COMPARED} title={ids.length > MOST_COMPARED ? `At most ${String(MOST_COMPARED)} runs can be compared` : "Compare (c)"}>
        Compare
      </button>
      <button type="button" onClick={() => { setIsTagging(true); }}>Tag</button>
      <button type="button" onClick={() => void archive(project, ids, !isArchived, onDone)}>{isArchived ? "Unarchive" : "Archive"}</button>
      <button type="button" onClick={() => void remove(project, ids, onDone)}>Delete</button>
      <button type="button" data-look="link" onClick={onDone}>Clear</button>
      {isTagging && (
        <TagDialog
          count={ids.length}
          onClose={() => { setIsTagging(false); }}
          onTag={async (tag) => {
            await Promise.all(rows.filter(({ id, tags }) => selected.has(id) && !tags.includes(tag)).map(({ id, tags }) => api.changeRun(id, { tags: [...tags, tag] })));
            await refetchRuns(project);
            toast({ text: `Tagged ${plural(ids.length, "run")} “${tag}”` });
          }}
        />
      )}
    </div>
  );
}

/** Archived runs keep everything; they are only left out of the list until one asks for them. */
async function archive(project: string, ids: readonly string[], isArchived: boolean, onDone: () => void): Promise<void> {
  const set = (to: boolean) => Promise.all(ids.map((id) => api.changeRun(id, { is_archived: to })));
  try {
    await set(isArchived);
    onDone();
    toast({
      text: isArchived ? `Archived ${plural(ids.length, "run")}` : `Took ${plural(ids.length, "run")} out of the archive`,
      lastsMs: 10_000,
      action: { label: "Undo", run: () => void set(!isArchived).catch(tell).finally(() => void refetchRuns(project)) },
    });
  } catch (error) {
    tell(error);
  }
  await refetchRuns(project);
}

const tell = (error: unknown) => { toast({ text: `Not everything was changed: ${reasonOf(error)}`, isBad: true }); };

/** Into the trash and out of it again; the server keeps everything meanwhile. */
async function remove(project: string, ids: readonly string[], onDone: () => void): Promise<void> {
  try {
    await Promise.all(ids.map((id) => api.deleteRun(id)));
  } catch (error) {
    toast({ text: `Not everything was deleted: ${reasonOf(error)}`, isBad: true });
    await refetchRuns(project);
    return;
  }
  takeNews(project, [], ids);
  onDone();
  void refetchRuns(project);
  toast({
    text: `Deleted ${plural(ids.length, "run")}`,
    lastsMs: 10_000,
    action: { label: "Undo", run: () => void restore(project, ids) },
  });
}

async function restore(project: string, ids: readonly string[]): Promise<void> {
  try {
    await Promise.all(ids.map((id) => api.restoreRun(id)));
  } catch (error) {
    toast({ text: `Not everything came back: ${reasonOf(error)}`, isBad: true });
  }
  await refetchRuns(project);
}

type TagProps = { count: number; onTag: (tag: string) => Promise<void>; onClose: () => void };

function TagDialog({ count, onTag, onClose }: TagProps) {
  const [tag, setTag] = useState("");
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await onTag(tag.trim());
      onClose();
    } catch (failure) {
      setError(reasonOf(failure));
    }
  };
  return (
    <Dialog title={`Tag ${plural(count, "run")}`} onClose={onClose}>
      <form className={styles["tag"]} onSubmit={(event) => void submit(event)}>
        <input data-autofocus required aria-label="Tag" placeholder="baseline" value={tag} onChange={(event) => { setTag(event.target.value); }} />
        <button type="submit" data-look="primary" disabled={tag.trim() === ""}>Add tag</button>
      </form>
      {error !== null && <p role="alert">{error}</p>}
    </Dialog>
  );
}
