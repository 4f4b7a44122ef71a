/** What stands where data would be: nothing yet, nothing found, or what went wrong and how to go on. */

import type { ReactNode } from "react";
import { ApiError, reasonOf } from "../api";
import styles from "./Note.module.css";

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles["empty"]}>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Failure({ what, error, onRetry }: { what: string; error: unknown; onRetry?: () => void }) {
  return (
    <div className={styles["failure"]} role="alert">
      <strong>{what}</strong>
      <span>{reasonOf(error)}</span>
      {error instanceof ApiError && error.requestId !== null && !error.message.includes(error.requestId) && (
        <span className="muted small">request <code>{error.requestId}</code></span>
      )}
      {onRetry !== undefined && (
        <button type="button" onClick={onRetry}>
          Retry
        </button>
      )}
    </div>
  );
}

/** Outlines of what will come, after a moment: what is quick should not flicker. */
export function Outline({ lines = 4, label = "Loading" }: { lines?: number; label?: string }) {
  return (
    <div className={styles["outline"]} role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} style={{ width: `${String(90 - ((line * 23) % 45))}%` }} />
      ))}
    </div>
  );
}
