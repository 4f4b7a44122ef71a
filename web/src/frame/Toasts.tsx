/** Short news at the lower edge, each with at most one thing to do about it. It goes by itself, not while it is used. */

import { useEffect, useState } from "react";
import { Icon } from "../parts/Icon";
import styles from "./Toasts.module.css";
import { signal } from "./signal";

/** News about the same thing replaces older news: what that offered to undo is no longer the last that happened. */
export type Toast = { id: number; text: string; about?: string; isBad?: boolean; action?: { label: string; run: () => void }; lastsMs?: number };

const toasts = signal<readonly Toast[]>([]);
let count = 0;

export function toast(one: Omit<Toast, "id">): void {
  count += 1;
  const others = toasts.get().filter(({ about }) => about === undefined || about !== one.about);
  toasts.set([...others, { ...one, id: count }].slice(-3));
}

const dismiss = (id: number) => { toasts.set(toasts.get().filter((one) => one.id !== id)); };

export function Toasts() {
  return (
    <div className={styles["toasts"]} role="status" aria-live="polite">
      {toasts.use().map((one) => (
        <ToastLine key={one.id} toast={one} />
      ))}
    </div>
  );
}

function ToastLine({ toast: { id, text, isBad, action, lastsMs = 6000 } }: { toast: Toast }) {
  const [isHeld, setIsHeld] = useState(false);
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(() => { dismiss(id); }, lastsMs);
    return () => { clearTimeout(timer); };
  }, [id, isHeld, lastsMs]);
  return (
    <div
      className={styles["toast"]}
      data-bad={isBad}
      onPointerEnter={() => { setIsHeld(true); }}
      onPointerLeave={() => { setIsHeld(false); }}
      onFocus={() => { setIsHeld(true); }}
      onBlur={() => { setIsHeld(false); }}
    >
      <span>{text}</span>
      {action !== undefined && (
        <button
          type="button"
          data-look="link"
          onClick={() => {
            dismiss(id);
            action.run();
          }}
        >
          {action.label}
        </button>
      )}
      <button type="button" data-look="icon" aria-label="Dismiss" onClick={() => { dismiss(id); }}>
        <Icon name="close" />
      </button>
    </div>
  );
}
