/** A small line without axes: its least and greatest value beside it, its ends below, and whatever stands at its points.
 * Corners and places are in parts of a hundred, from the left and from above. */

import type { ReactNode } from "react";
import { formatNumber } from "../format";
import styles from "./LineFigure.module.css";

interface LineFigureProps {
  label: string;
  /** As `points` of a polyline. */
  corners: string;
  least: number;
  most: number;
  /** Below it. */
  ends: ReactNode;
  children: ReactNode;
}

export function LineFigure({ label, corners, least, most, ends, children }: LineFigureProps) {
  return (
    <figure className={styles["figure"]} aria-label={label}>
      <div className={styles["bounds"]} aria-hidden="true">
        <span>{formatNumber(most)}</span>
        {least !== most && <span>{formatNumber(least)}</span>}
      </div>
      <div className={styles["plot"]}>
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
          <polyline points={corners} />
        </svg>
        {children}
      </div>
      <figcaption className={styles["ends"]}>{ends}</figcaption>
    </figure>
  );
}
