/** What may be changed of a run by hand: its name, its tags, its notes. */

import { type FormEvent, type ReactNode, Suspense, lazy, useState } from "react";
import { ApiError, type RunChanges, type RunDetail, api, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { Icon } from "../parts/Icon";
import { Swatch } from "../parts/Run";
import { client, queries, runChanged } from "../queries";
import styles from "./Editors.module.css";

const Markdown = lazy(() => import("../parts/Markdown").then((module) => ({ default: module.Markdown })));

type Outcome = "saved" | "changed meanwhile" | "failed";

/** Whether the server took it. A failure is told, and what was typed stays; what somebody else did meanwhile is fetched. */
async function save(run: RunDetail, changes: RunChanges): Promise<Outcome> {
  try {
    client.setQueryData(queries.run(run.id).queryKey, await api.changeRun(run.id, changes));
  } catch (error) {
    if (isChangedMeanwhile(error)) {
      await client.refetchQueries({ queryKey: queries.run(run.id).queryKey, exact: true });
      return "changed meanwhile";
    }
    toast({ text: `Not saved: ${reasonOf(error)}`, isBad: true });
    return "failed";
  }
  void runChanged(run.id);
  return "saved";
}

const isChangedMeanwhile = (error: unknown) => error instanceof ApiError && error.code === "changed_meanwhile";

type EditableProps = { label: string; value: string; isLong?: boolean; onSave: (value: string, before: string) => Promise<Outcome>; children: ReactNode };

/** `before` is what stood there when one began, or what one has seen since; `isOver` that somebody else has changed it. */
type Draft = { text: string; before: string; isOver: boolean };

/** Text that becomes a field when one wants to change it. Escape gives up. What others write meanwhile is shown beside. */
function Editable({ label, value, isLong = false, onSave, children }: EditableProps) {
  const [draft, setDraft] = useState<Draft | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (draft === null) return;
    const outcome = await onSave(draft.text, draft.isOver ? value : draft.before);
    if (outcome === "saved") setDraft(null);
    if (outcome === "changed meanwhile") setDraft({ ...draft, isOver: true });
  };
  if (draft === null) {
    return (
      <div className={styles["shown"]} data-long={isLong}>
        {children}
        <button type="button" data-look="icon" aria-label={`Edit ${label.toLowerCase()}`} title={`Edit ${label.toLowerCase()}`} onClick={() => { setDraft({ text: value, before: value, isOver: false }); }}>
          <Icon name="pencil" size={14} />
        </button>
      </div>
    );
  }
  const field = { autoFocus: true, "aria-label": label, value: draft.text, onChange: (event: { target: { value: string } }) => { setDraft({ ...draft, text: event.target.value }); } };
  return (
    <form
      className={styles["form"]}
      data-long={isLong}
      onSubmit={(event) => void submit(event)}
      onKeyDown={(event) => {
        if (event.key === "Escape") setDraft(null);
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void submit(event);
      }}
    >
      {isLong ? <textarea rows={5} {...field} /> : <input {...field} />}
      {draft.isOver && (
        <div className={styles["theirs"]} role="alert">
          <strong>Somebody else has changed this meanwhile. Now it reads:</strong>
          <p className={styles["notes"]}>{value === "" ? "(nothing)" : value}</p>
        </div>
      )}
      <button type="submit" data-look="primary">{draft.isOver ? "Save mine instead" : "Save"}</button>
      {draft.isOver && <button type="button" onClick={() => { setDraft(null); }}>Keep theirs</button>}
      <button type="button" onClick={() => { setDraft(null); }}>Cancel</button>
    </form>
  );
}

export function NameEditor({ run }: { run: RunDetail }) {
  return (
    <Editable label="Name" value={run.name} onSave={(name, before) => save(run, { name: name.trim(), before: { name: before } })}>
      <Swatch hue={run.hue} />
      <h2 className={styles["name"]}><bdi>{run.name}</bdi></h2>
    </Editable>
  );
}

export function NotesEditor({ run }: { run: RunDetail }) {
  return (
    <Editable label="Notes" value={run.notes} isLong onSave={(notes, before) => save(run, { notes, before: { notes: before } })}>
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
  const [draft, setDraft] = useState("");
  const add = async (event: FormEvent) => {
    event.preventDefault();
    const tag = draft.trim();
    if (tag !== "" && !(await changeTags(run, (tags) => (tags.includes(tag) ? tags : [...tags, tag])))) return;
    setDraft("");
  };
  return (
    <div className={styles["tags"]}>
      <span className="muted">Tags</span>
      <ul aria-label="Tags">
        {run.tags.map((tag) => (
          <li key={tag} className={styles["tag"]}>
            <bdi>{tag}</bdi>
            <button type="button" data-look="icon" aria-label={`Remove tag ${tag}`} onClick={() => void changeTags(run, (tags) => tags.filter((one) => one !== tag))}>
              <Icon name="close" size={12} />
            </button>
          </li>
        ))}
      </ul>
      <form onSubmit={(event) => void add(event)}>
        <input aria-label="Add a tag" placeholder="Add a tag" size={12} value={draft} onChange={(event) => { setDraft(event.target.value); }} />
      </form>
    </div>
  );
}
