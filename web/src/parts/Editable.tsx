/** Text that can be changed where it stands. What somebody else has made of it meanwhile is shown before it is replaced. */

import { type FormEvent, type ReactNode, useState } from "react";
import { ApiError, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { Button } from "./Button";
import styles from "./Editable.module.css";
import { Icon } from "./Icon";

export type Outcome = "saved" | "changed meanwhile" | "failed";

/** Whether the server took it. A failure is told, and what was typed stays; what somebody else did meanwhile is fetched. */
export async function saved(save: () => Promise<void>, fetch: () => Promise<unknown>): Promise<Outcome> {
  try {
    await save();
  } catch (error) {
    if (error instanceof ApiError && error.code === "changed_meanwhile") {
      await fetch();
      return "changed meanwhile";
    }
    toast({ text: `Not saved: ${reasonOf(error)}`, isBad: true });
    return "failed";
  }
  return "saved";
}

type EditableProps = { label: string; value: string; isLong?: boolean; /** Why one may not change it. */ reason: string | undefined; onSave: (value: string, before: string) => Promise<Outcome>; children: ReactNode };

/** `before` is what stood there when one began, or what one has seen since; `isOver` that somebody else has changed it. */
type Draft = { text: string; before: string; isOver: boolean };

/** Text that becomes a field when one wants to change it. Escape gives up. What others write meanwhile is shown beside. */
export function Editable({ label, value, isLong = false, reason, onSave, children }: EditableProps) {
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
        <Button reason={reason} data-look="icon" aria-label={`Edit ${label.toLowerCase()}`} title={`Edit ${label.toLowerCase()}`} onClick={() => { setDraft({ text: value, before: value, isOver: false }); }}>
          <Icon name="pencil" size={14} />
        </Button>
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
