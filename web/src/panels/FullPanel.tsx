/** One panel that fills what is left of the page, with its settings above it. */

import { PanelContent } from "./PanelContent";
import styles from "./panels.module.css";
import type { Place } from "./place";
import type { Panel } from "./state";

type Props = { label: string; panel: Panel; place: Place; onChange: (panel: Panel) => void };

export function FullPanel({ label, panel, place, onChange }: Props) {
  return (
    <section className={styles["full"]} aria-label={label}>
      <PanelContent {...{ panel, place, onChange }} isEditing />
    </section>
  );
}
