/** Moves versions of an artifact to the trash: says what keeps them, or what would lose its source. */

import { type FormEvent, useState } from "react";
import { type VersionFate, reasonOf } from "../api";
import { formatBytes, plural } from "../format";
import { Dialog } from "../parts/Dialog";
import styles from "./Storage.module.css";
import { moveToTrash } from "./moving";
import { holding, keeperText, readers, versionNames } from "./words";

type Props = { project: string; name: string; versions: readonly VersionFate[]; /** What was chosen before the dialog came. */ isEvenIfRead?: boolean; onClose: () => void; onMoved?: () => void };

export function TrashVersionsDialog({ project, name, versions, isEvenIfRead: wasEvenIfRead = false, onClose, onMoved }: Props) {
  const [reason, setReason] = useState("");
  const [isEvenIfRead, setIsEvenIfRead] = useState(wasEvenIfRead);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const read = versions.filter((one) => readers(one) > 0);
  const held = versions.filter(({ keepers }) => holding(keepers, true).length > 0);
  const going = versions.filter(({ keepers }) => holding(keepers, isEvenIfRead).length === 0);
  const isNewest = going.some(({ keepers }) => keepers.some(({ kind }) => kind === "newest"));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setError(null);
    try {
      await moveToTrash({ project, ids: going.map(({ id }) => id), reason: reason.trim(), isEvenIfRead });
      onMoved?.();
      onClose();
    } catch (failure) {
      setError(reasonOf(failure));
      setIsBusy(false);
    }
  };
  const [only] = versions;
  return (
    <Dialog title={versions.length === 1 && only !== undefined ? `Delete ${name}:v${String(only.version)}` : `Delete ${plural(versions.length, "version")} of ${name}`} onClose={onClose}>
      <form className={styles["form"]} onSubmit={(event) => void submit(event)}>
        <p>
          {going.length === 0 ? "Nothing can go to the trash as it is." : <>{versionNames(going)} ({formatBytes(going.reduce((sum, one) => sum + one.size_bytes, 0))}) {going.length === 1 ? "goes" : "go"} to the trash, and {going.length === 1 ? "comes" : "come"} back from there until an admin deletes {going.length === 1 ? "it" : "them"} for good.</>}
        </p>
        {held.map(({ id, version, keepers }) => (
          <p key={id} className={styles["kept"]}>v{version} stays: <bdi>{holding(keepers, true).map(keeperText).join("; ")}</bdi>. Take that away first, or leave it.</p>
        ))}
        {read.map((one) => <p key={one.id} className={styles["kept"]}>{plural(readers(one), "run")} read v{one.version}: without it, what {readers(one) === 1 ? "that run" : "those runs"} learnt from can no longer be fetched.</p>)}
        {isNewest && <p className="muted">It is the newest: <code>latest</code> is the one before it from then on.</p>}
        {read.some(({ keepers }) => holding(keepers, true).length === 0) && (
          <label className={styles["choice"]}>
            <input type="checkbox" checked={isEvenIfRead} onChange={(event) => { setIsEvenIfRead(event.target.checked); }} /> Even those that runs have read
          </label>
        )}
        {error !== null && <p className={styles["error"]} role="alert">{error}</p>}
        <label className={styles["field"]}>
          Reason
          <textarea data-autofocus rows={2} maxLength={2000} value={reason} onChange={(event) => { setReason(event.target.value); }} />
        </label>
        <div className={styles["acts"]}>
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" data-look="primary" disabled={isBusy || going.length === 0}>Move to trash</button>
        </div>
      </form>
    </Dialog>
  );
}
