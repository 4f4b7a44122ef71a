/** A part of the settings under its own heading. */

import { type ReactNode, useId } from "react";
import styles from "./Section.module.css";

type Props = { title: string; note?: string; children: ReactNode };

export function Section({ title, note, children }: Props) {
  const id = useId();
  return (
    <section className={styles["section"]} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {note !== undefined && <p className="muted">{note}</p>}
      {children}
    </section>
  );
}
