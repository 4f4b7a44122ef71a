/** A modal dialog on the browser's own `<dialog>`: it keeps the focus inside and gives it back where it was. */

import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from "react";
import { createPortal } from "react-dom";
import styles from "./Dialog.module.css";
import { Icon } from "./Icon";

type Props = { title: string; onClose: () => void; children: ReactNode; width?: "narrow" | "wide" | "full"; footer?: ReactNode; onKeyDown?: (event: KeyboardEvent) => void };

export function Dialog({ title, onClose, children, width = "narrow", footer, onKeyDown }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = ref.current;
    const opener = document.activeElement;
    dialog?.showModal();
    // React's own autoFocus comes too early: a dialog that is not open yet takes no focus
    dialog?.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => {
      dialog?.close();
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  // in the body, so that no style of the place where it was opened reaches into it
  return createPortal(
    <dialog
      ref={ref}
      onKeyDown={onKeyDown}
      className={styles["dialog"]}
      data-width={width}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === ref.current) onClose();
      }}
    >
      <div className={styles["frame"]}>
        <header className={styles["head"]}>
          <h2 id={titleId}>{title}</h2>
          <button type="button" data-look="icon" aria-label="Close" title="Close (Esc)" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        <div className={styles["body"]}>{children}</div>
        {footer !== undefined && <footer className={styles["foot"]}>{footer}</footer>}
      </div>
    </dialog>,
    document.body,
  );
}
