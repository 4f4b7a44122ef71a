/** Asks for the name of a view that is kept or renamed, or whether one is really to go. */

import { type FormEvent, useState } from "react";
import type { Search } from "../address";
import { type SavedView, api, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { Dialog } from "../parts/Dialog";
import { client, queries } from "../queries";
import styles from "./ViewBar.module.css";
import { startingView } from "./starting";
import { compact } from "./useHeldView";

type Props = { project: string; parameters: Search; base: SavedView | null; act: "save-as" | "rename" | "delete"; onOpen: (parameters: Search) => void; onClose: () => void };

const LONGEST_NAME = 100;

export function ViewDialog({ project, parameters, base, act, onOpen, onClose }: Props) {
  const [name, setName] = useState(act === "rename" ? (base?.name ?? "") : "");
  const [isShared, setIsShared] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      if (act === "save-as") await saveAs();
      else if (base !== null) await (act === "rename" ? rename(base) : remove(base));
      await client.invalidateQueries({ queryKey: queries.views(project).queryKey });
      onClose();
    } catch (failure) {
      setError(reasonOf(failure));
    }
  };
  const saveAs = async () => {
    const made = await api.createView(project, { name: name.trim(), is_shared: isShared, parameters: compact({ ...parameters, of: undefined }) });
    client.setQueryData(queries.view(made.id).queryKey, made);
    onOpen({ ...made.parameters, of: made.id });
    toast({ text: `Saved the view “${made.name ?? ""}”`, about: "view" });
  };
  const rename = async ({ id, revision }: SavedView) => {
    client.setQueryData(queries.view(id).queryKey, await api.changeView(id, { revision, name: name.trim() }));
  };
  const remove = async (view: SavedView) => {
    await api.deleteView(view.id);
    onOpen(startingView());
    client.removeQueries({ queryKey: queries.view(view.id).queryKey });
    toast({ text: `Deleted the view “${view.name ?? ""}”`, about: "view" });
  };
  return (
    <Dialog title={{ "save-as": "Save view as", rename: "Rename view", delete: "Delete view" }[act]} onClose={onClose}>
      <form className={styles["form"]} onSubmit={(event) => void submit(event)}>
        {act === "delete" ? (
          <p>
            Delete <strong><bdi>{base?.name}</bdi></strong> for good? Links to it will lead nowhere. Runs and charts stay.
          </p>
        ) : (
          <label>
            Name <input data-autofocus required maxLength={LONGEST_NAME} value={name} onChange={(event) => { setName(event.target.value); }} />
          </label>
        )}
        {act === "save-as" && (
          <label>
            <input type="checkbox" checked={isShared} onChange={(event) => { setIsShared(event.target.checked); }} /> Share with everybody
          </label>
        )}
        {error !== null && <p role="alert">{error}</p>}
        <div className={styles["choice"]}>
          <button type="submit" data-look="primary" disabled={act !== "delete" && name.trim() === ""}>{{ "save-as": "Save", rename: "Rename", delete: "Delete" }[act]}</button>
        </div>
      </form>
    </Dialog>
  );
}
