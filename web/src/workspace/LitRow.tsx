/** Which row is that of the line nearest to the pointer: a mark over it, so that no row is drawn again for it. */

import { useSyncExternalStore } from "react";
import type { RunRow } from "../api";
import { spotlight } from "../charts/cursor";
import styles from "./RunTable.module.css";

export function LitRow({ rows }: { rows: readonly RunRow[] }) {
  const lit = useSyncExternalStore(spotlight.watch, spotlight.get);
  const index = lit === null ? -1 : rows.findIndex(({ id }) => id === lit);
  if (index < 0) return null;
  return <div className={styles["lit"]} data-lit aria-hidden="true" style={{ transform: `translateY(calc(${String(index)} * var(--row-height)))` }} />;
}
