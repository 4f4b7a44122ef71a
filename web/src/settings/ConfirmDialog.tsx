/** Asks before something is done that many would notice; a refusal is told in the same place. */

import { type ReactNode, useState } from "react";
import { reasonOf } from "../api";
import { Dialog } from "../parts/Dialog";
import styles from "./Accounts.module.css";

type Props = { title: string; /** What the button says. */ act: string; onAct: () => Promise<void>; onClose: () => void; children: ReactNode };

export function ConfirmDialog({ title, act, onAct, onClose, children }: Props) {
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const confirm = async () => {
    setIsBusy(true);
    try {
      await onAct();
      onClose();
    } catch (failure) {
      setError(reasonOf(failure));
      setIsBusy(false);
    }
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          <button type="button" data-autofocus onClick={onClose}>Cancel</button>
          <button type="button" data-look="primary" disabled={isBusy} onClick={() => void confirm()}>{act}</button>
        </>
      }
    >
      {children}
      {error !== null && <p className={styles["error"]} role="alert">{error}</p>}
    </Dialog>
  );
}
