/** A secret that the server tells once. It is kept nowhere in the page: with the dialog it is gone. */

import type { ReactNode } from "react";
import { CodeBlock } from "../parts/Code";
import { Dialog } from "../parts/Dialog";
import styles from "./Accounts.module.css";

type Props = { title: string; secret: string; label: string; onClose: () => void; children: ReactNode };

export function SecretDialog({ title, secret, label, onClose, children }: Props) {
  return (
    <Dialog title={title} onClose={onClose} footer={<button type="button" data-look="primary" onClick={onClose}>Done</button>}>
      <div className={styles["told"]}>
        <p><strong>This is shown once.</strong> Copy it now: nobody can look it up later.</p>
        <CodeBlock text={secret} label={label} />
        {children}
      </div>
    </Dialog>
  );
}
