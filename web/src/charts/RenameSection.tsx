/** Asks what a section of charts is to be called; without a name it is called as its metrics begin. */

import { type FormEvent, useState } from "react";
import { Dialog } from "../parts/Dialog";
import { LONGEST_NAME } from "./arrangement";

type Props = { name: string; onRename: (name: string) => void; onClose: () => void };

export function RenameSection({ name, onRename, onClose }: Props) {
  const [draft, setDraft] = useState(name);
  const rename = (event: FormEvent) => {
    event.preventDefault();
    onRename(draft);
    onClose();
  };
  return (
    <Dialog title="Rename section" onClose={onClose}>
      <form onSubmit={rename}>
        <label>
          Name <input data-autofocus maxLength={LONGEST_NAME} value={draft} onChange={(event) => { setDraft(event.target.value); }} />
        </label>{" "}
        <button type="submit" data-look="primary">Rename</button>
        <p className="muted">In this view alone. Without a name it is called as its metrics begin.</p>
      </form>
    </Dialog>
  );
}
