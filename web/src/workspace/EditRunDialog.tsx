/** The name, tags and notes of a run, to be changed together: what pencils do in the table, for the keyboard. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type RunDetail, type RunRow, reasonOf } from "../api";
import { Dialog } from "../parts/Dialog";
import { Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import styles from "./TableParts.module.css";
import { type EditedText, isConflict, saveRun } from "./runEdits";

type Props = { row: RunRow; onClose: () => void };

export function EditRunDialog({ row, onClose }: Props) {
  const { data, error, refetch } = useQuery({ ...queries.run(row.id), staleTime: 0 });
  return (
    <Dialog title={`Edit ${row.name}`} onClose={onClose}>
      {error !== null && <Failure what="The run could not be fetched." error={error} onRetry={() => void refetch()} />}
      {data === undefined ? error === null && <Outline /> : <Fields row={row} run={data} onReload={refetch} onClose={onClose} />}
    </Dialog>
  );
}

const textsOf = (run: RunDetail): EditedText => ({ name: run.name, tags: run.tags.join(", "), notes: run.notes });

function Fields({ row, run, onReload, onClose }: Props & { run: RunDetail; onReload: () => Promise<{ data: RunDetail | undefined }> }) {
  const [seen, setSeen] = useState(() => textsOf(run));
  const [edited, setEdited] = useState(seen);
  const [refusal, setRefusal] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await saveRun(row, seen, edited);
      onClose();
    } catch (error) {
      setRefusal(reasonOf(error));
      const now = isConflict(error) ? (await onReload()).data : undefined;
      if (now !== undefined) setSeen(textsOf(now));
    }
  };
  const put = (field: keyof EditedText) => (event: { target: { value: string } }) => { setEdited({ ...edited, [field]: event.target.value }); };
  return (
    <form className={styles["fields"]} onSubmit={(event) => void submit(event)}>
      <label>Name<input data-autofocus autoFocus required value={edited.name} onChange={put("name")} /></label>
      <label>Tags, with commas<input value={edited.tags} onChange={put("tags")} /></label>
      <label>Notes<textarea rows={5} value={edited.notes} onChange={put("notes")} /></label>
      {refusal !== null && <p role="alert">{refusal}</p>}
      <div>
        <button type="submit" data-look="primary" disabled={edited.name.trim() === ""}>Save</button> <button type="button" onClick={onClose}>Cancel</button>
      </div>
    </form>
  );
}
