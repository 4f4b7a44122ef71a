/** A name that points at a version. Production stands out, by its look and its word. */

import styles from "./AliasChip.module.css";

export function AliasChip({ alias }: { alias: string }) {
  return (
    <span className={styles["chip"]} data-production={alias === "production"}>
      <bdi>{alias}</bdi>
    </span>
  );
}
