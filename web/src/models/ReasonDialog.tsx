/** Asks why, before something is done that stands in the history with its reason. */

import { type FormEvent, type ReactNode, useId, useState } from "react";
import { reasonOf } from "../api";
import { Dialog } from "../parts/Dialog";
import styles from "./PromoteDialog.module.css";

/** `act` does it; what it throws is told here, and the dialog stays. */
type Props = { title: string; label: string; children?: ReactNode; width?: "narrow" | "wide"; act: (reason: string) => Promise<void>; onClose: () => void };

export function ReasonDialog({ title, label, children, width = "narrow", act, onClose }: Props) {
  const [reason, setReason] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const formId = useId();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isBusy || reason.trim() === "") return;
    setIsBusy(true);
    setError(null);
    try {
      await act(reason.trim());
      onClose();
    } catch (failure) {
      setError(reasonOf(failure));
      setIsBusy(false);
    }
  };
  return (
    <Dialog
      title={title}
      width={width}
      onClose={onClose}
      footer={
        <>
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" form={formId} data-look="primary" disabled={isBusy || reason.trim() === ""}>{label}</button>
        </>
      }
    >
      <form id={formId} className={styles["form"]} onSubmit={(event) => void submit(event)}>
        {children}
        {error !== null && <p className={styles["error"]} role="alert">{error}</p>}
        <label className={styles["reason"]}>
          Reason (required)
          <textarea data-autofocus rows={2} required maxLength={2000} value={reason} onChange={(event) => { setReason(event.target.value); }} />
        </label>
      </form>
    </Dialog>
  );
}
