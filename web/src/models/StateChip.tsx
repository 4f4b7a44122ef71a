/** That a version is deprecated or archived, with why. Nothing for one that is neither. */

import type { ModelVersion } from "../api";
import styles from "./AliasChip.module.css";

export function StateChip({ version: { state, state_reason } }: { version: Pick<ModelVersion, "state" | "state_reason"> }) {
  if (state === "active") return null;
  return <span className={styles["chip"]} data-state={state} title={state_reason}>{state}</span>;
}
