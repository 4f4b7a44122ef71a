/** A long value as what differs from the baseline's. */

import { useMemo } from "react";
import styles from "./ComparePage.module.css";
import { pieces } from "./textDiff";

export function TextDiff({ before, after }: { before: string; after: string }) {
  const found = useMemo(() => pieces(before, after), [before, after]);
  if (found === null) return <span className={styles["text"]}>{after}</span>;
  return (
    <span className={styles["text"]}>
      {found.map(({ kind, text }, index) => {
        if (kind === "same") return <span key={index}>{text}</span>;
        return kind === "added" ? <ins key={index}>{text}</ins> : <del key={index}>{text}</del>;
      })}
    </span>
  );
}
