/** What may be changed of a run by hand: its name, its tags, its notes. */

import { type FormEvent, type ReactNode, useState } from "react";
import { type RunChanges, type RunDetail, api, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { Icon } from "../parts/Icon";
import { Swatch } from "../parts/Run";
import { client, queries, runChanged } from "../queries";
import styles from "./Editors.module.css";

/** Answers whether the server took it; a refusal is told, and what was typed stays. */
async function save(run: RunDetail, changes: RunChanges): Promise<boolean> {
  try {
    client.setQueryData(queries.run(run.id).queryKey, await api.changeRun(run.id, changes));
  } catch (error) {
    toast({ text: `Not saved: ${reasonOf(error)}`, isBad: true });
    return false;
  }
  void runChanged(run.id);
  return true;
}

type EditableProps = { label: string; value: string; isLong?: boolean; onSave: (value: string) => Promise<boolean>; children: ReactNode };

/** Text that becomes a field when one wants to change it. Escape gives up. */
function Editable({ label, value, isLong = false, onSave, children }: EditableProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (draft === null || (await onSave(draft))) setDraft(null);
  };
  if (draft === null) {
    return (
      <div className={styles["shown"]}>
        {children}
        <button type="button" data-look="icon" aria-label={`Edit ${label.toLowerCase()}`} title={`Edit ${label.toLowerCase()}`} onClick={() => { setDraft(value); }}>
          <Icon name="pencil" size={14} />
        </button>
      </div>
    );
  }
  const field = { autoFocus: true, "aria-label": label, value: draft, onChange: (event: { target: { value: string } }) => { setDraft(event.target.value); } };
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
      <button type="submit" data-look="primary">Save</button>
      <button type="button" onClick={() => { setDraft(null); }}>Cancel</button>
    </form>
  );
}

export function NameEditor({ run }: { run: RunDetail }) {
  return (
    <Editable label="Name" value={run.name} onSave={(name) => save(run, { name: name.trim() })}>
      <Swatch hue={run.hue} />
      <h2 className={styles["name"]}><bdi>{run.name}</bdi></h2>
    </Editable>
  );
}

export function NotesEditor({ run }: { run: RunDetail }) {
  return (
    <Editable label="Notes" value={run.notes} isLong onSave={(notes) => save(run, { notes })}>
      {run.notes === "" ? <span className="muted">No notes</span> : <p className={styles["notes"]}>{run.notes}</p>}
    </Editable>
  );
}

export function TagsEditor({ run }: { run: RunDetail }) {
  const [draft, setDraft] = useState("");
  const add = async (event: FormEvent) => {
    event.preventDefault();
    const tag = draft.trim();
    if (tag !== "" && !run.tags.includes(tag) && !(await save(run, { tags: [...run.tags, tag] }))) return;
    setDraft("");
  };
  return (
    <div className={styles["tags"]}>
      <span className="muted">Tags</span>
      <ul aria-label="Tags">
        {run.tags.map((tag) => (
          <li key={tag} className={styles["tag"]}>
            <bdi>{tag}</bdi>
            <button type="button" data-look="icon" aria-label={`Remove tag ${tag}`} onClick={() => void save(run, { tags: run.tags.filter((one) => one !== tag) })}>
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
