/** Asks at which moment the runs are put onto each other. */

import { useState } from "react";
import { Dialog } from "../parts/Dialog";
import type { Alignment } from "./alignment";
import styles from "./AddRun.module.css";

type Props = { metrics: readonly string[]; alignment: Alignment | null; onAlign: (alignment: Alignment) => void; onClose: () => void };

const MOMENTS: readonly [Alignment["at"], string][] = [
  ["min", "it is lowest"],
  ["max", "it is highest"],
  ["first", "it has its first point"],
  ["value", "it first reaches"],
];

export function AlignDialog({ metrics, alignment, onAlign, onClose }: Props) {
  const [metric, setMetric] = useState(alignment?.metric ?? metrics[0] ?? "");
  const [at, setAt] = useState<Alignment["at"]>(alignment?.at ?? "max");
  const [text, setText] = useState(alignment?.at === "value" ? String(alignment.value) : "");
  const value = text.trim() === "" ? NaN : Number(text);
  const made: Alignment | null = metric === "" || (at === "value" && !Number.isFinite(value)) ? null : at === "value" ? { at, value, metric } : { at, metric };
  return (
    <Dialog
      title="Align the runs"
      onClose={onClose}
      footer={
        <>
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" form="alignment" data-look="primary" disabled={made === null}>Align</button>
        </>
      }
    >
      <form
        id="alignment"
        className={styles["fields"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (made !== null) onAlign(made);
        }}
      >
        <p>x counts from where a metric of each run has come to one and the same moment.</p>
        <label>
          Metric{" "}
          <select data-autofocus value={metric} onChange={(event) => { setMetric(event.target.value); }}>
            {(metrics.includes(metric) ? metrics : [metric, ...metrics]).map((name) => (
              <option key={name} value={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          where{" "}
          <select value={at} onChange={(event) => { setAt(MOMENTS.find(([one]) => one === event.target.value)?.[0] ?? "max"); }}>
            {MOMENTS.map(([one, label]) => (
              <option key={one} value={one}>{label}</option>
            ))}
          </select>
        </label>
        {at === "value" && (
          <label>
            Value <input inputMode="decimal" value={text} size={8} onChange={(event) => { setText(event.target.value); }} />
          </label>
        )}
      </form>
    </Dialog>
  );
}
