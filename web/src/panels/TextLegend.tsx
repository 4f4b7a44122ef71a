/** Which hue stands for which text, where runs are coloured by one. */

import { Swatch } from "../parts/Run";
import type { Data } from "./data";
import styles from "./panels.module.css";

/** Hues repeat beyond ten, and a legend of more is no help. */
const MOST_TEXTS = 20;

export function TextLegend({ data, colour }: { data: Data; colour: string }) {
  const column = data.columns.get(colour);
  if (column === undefined || !column.isText) return null;
  return (
    <ul className={styles["legend"]} aria-label={`Colours of ${column.label}`}>
      {column.texts.slice(0, MOST_TEXTS).map((text, code) => (
        <li key={text}>
          <Swatch hue={code} /> <bdi>{text}</bdi>
        </li>
      ))}
      {column.texts.length > MOST_TEXTS && <li className="muted">and {column.texts.length - MOST_TEXTS} more</li>}
    </ul>
  );
}
