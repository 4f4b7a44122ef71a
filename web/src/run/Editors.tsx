/** What may be changed of a run by hand: its name, its tags, its notes. */

import { Suspense, lazy } from "react";
import { type RunChanges, type RunDetail, api } from "../api";
import { Editable, type Outcome, saved } from "../parts/Editable";
import styles from "../parts/Editable.module.css";
import { Swatch } from "../parts/Run";
import { Tags } from "../parts/Tags";
import { client, queries, runChanged } from "../queries";
import { useRights } from "../rights";

const Markdown = lazy(() => import("../parts/Markdown").then((module) => ({ default: module.Markdown })));

function save(run: RunDetail, changes: RunChanges): Promise<Outcome> {
  const { queryKey } = queries.run(run.id);
  return saved(
    async () => {
      client.setQueryData(queryKey, await api.changeRun(run.id, changes));
      void runChanged(run.id);
    },
    () => client.refetchQueries({ queryKey, exact: true }),
  );
}

export function NameEditor({ run }: { run: RunDetail }) {
  const reason = useRights(run.project)("editor");
  return (
    <Editable label="Name" value={run.name} reason={reason} onSave={(name, before) => save(run, { name: name.trim(), before: { name: before } })}>
      <Swatch hue={run.hue} />
      <h2 className={styles["name"]}><bdi>{run.name}</bdi></h2>
    </Editable>
  );
}

export function NotesEditor({ run }: { run: RunDetail }) {
  const reason = useRights(run.project)("editor");
  return (
    <Editable label="Notes" value={run.notes} reason={reason} isLong onSave={(notes, before) => save(run, { notes, before: { notes: before } })}>
      {run.notes === "" ? <span className="muted">No notes</span> : <Suspense fallback={<p className={styles["notes"]}>{run.notes}</p>}><Markdown text={run.notes} /></Suspense>}
    </Editable>
  );
}

/** A tag is added to, or taken from, whatever tags there are by now. Answers whether the server took it. */
async function changeTags(run: RunDetail, change: (tags: string[]) => string[]): Promise<boolean> {
  const outcome = await save(run, { tags: change(run.tags), before: { tags: run.tags } });
  if (outcome !== "changed meanwhile") return outcome === "saved";
  const now = client.getQueryData(queries.run(run.id).queryKey) ?? run;
  return (await save(now, { tags: change(now.tags), before: { tags: now.tags } })) === "saved";
}

export function TagsEditor({ run }: { run: RunDetail }) {
  const reason = useRights(run.project)("editor");
  return <Tags tags={run.tags} reason={reason} change={(change) => changeTags(run, change)} />;
}
