/** A slider for how much lines are smoothed. The charts follow while it moves. */

import { useDraft } from "../parts/useDraft";
import styles from "./SmoothingField.module.css";
import { SMOOTHINGS, type Smoothing, amountText, atPosition, positionOf, scaleOf } from "./smoothing";

type Props = { label: string; value: Smoothing; onChange: (value: Smoothing) => void };

export function SmoothingField({ label, value, onChange }: Props) {
  const [position, setPosition] = useDraft(positionOf(value), (next) => { onChange(atPosition(value.kind, next)); }, 60);
  const shown = atPosition(value.kind, position);
  const kind = SMOOTHINGS.find((one) => one.kind === value.kind);
  return (
    <label className={styles["field"]} title={`${kind?.title ?? ""}, of all points; the values themselves stay behind, faintly. Keys [ and ].`}>
      <span className="muted">smooth</span>
      <input
        type="range"
        aria-label={label}
        aria-valuetext={amountText(shown)}
        min={0}
        {...scaleOf(value.kind)}
        value={position}
        onChange={(event) => { setPosition(Number(event.target.value)); }}
      />
      <output>{amountText(shown)}</output>
    </label>
  );
}
