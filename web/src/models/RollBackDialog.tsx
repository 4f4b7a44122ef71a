/** Moves an alias back to a version that held it before: the reason is asked for, and nothing else stands in the way. */

import { type FormEvent, useState } from "react";
import { api, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { Dialog } from "../parts/Dialog";
import { registryChanged } from "../queries";
import styles from "./PromoteDialog.module.css";
import { movedText } from "./promotion";

type Props = { model: string; alias: string; from: number; to: number; onClose: () => void };

export function RollBackDialog({ model, alias, from, to, onClose }: Props) {
  const [reason, setReason] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    try {
      const moved = await api.rollBack(model, alias, { reason: reason.trim(), replaces: from, version: to });
      toast({ about: `${model}@${alias}`, text: `${movedText(moved)}, rolled back` });
      onClose();
    } catch (failure) {
      setError(reasonOf(failure));
    } finally {
      setIsBusy(false);
    }
    await registryChanged();
  };
  return (
    <Dialog title={`Roll ${alias} back to v${String(to)}`} onClose={onClose}>
      <form className={styles["form"]} onSubmit={(event) => void submit(event)}>
        <p>
          <strong>{model}</strong> {alias} is v{from} now and will be v{to} again, which has held it before.
        </p>
        {error !== null && <p className={styles["error"]} role="alert">{error}</p>}
        <label className={styles["reason"]}>
          Reason (required)
          <textarea data-autofocus rows={2} required maxLength={2000} value={reason} onChange={(event) => { setReason(event.target.value); }} />
        </label>
        <div>
          <button type="submit" data-look="primary" disabled={isBusy || reason.trim() === ""}>Roll back to v{to}</button>
        </div>
      </form>
    </Dialog>
  );
}
