/** Which colours stand for which numbers. */

import type { Colouring } from "./colour";
import { viridis } from "./colour";
import { numberText } from "./data";
import styles from "./panels.module.css";

const STOPS = Array.from({ length: 11 }, (_, index) => viridis(index / 10)).join(", ");

export function ColourBar({ colouring }: { colouring: Colouring }) {
  if (colouring.kind !== "numbers") return null;
  const { column, low, high } = colouring;
  return (
    <p className={styles["colourBar"]}>
      <bdi>{column.label}</bdi>
      <span>{numberText(column.key, low)}</span>
      <span className={styles["ramp"]} style={{ background: `linear-gradient(to right, ${STOPS})` }} aria-hidden="true" />
      <span>{numberText(column.key, high)}</span>
    </p>
  );
}
