/** What is chosen on an axis, in fields: for who does not drag, or knows the numbers. */

import { type FormEvent, useState } from "react";
import { Dialog } from "../parts/Dialog";
import type { Axis, Brush } from "./parallel";
import styles from "./panels.module.css";

type Props = { axis: Axis; brush: Brush | null; onBrush: (brush: Brush | null) => void; onClose: () => void };

export function RangeDialog({ axis, brush, onBrush, onClose }: Props) {
  const [from, setFrom] = useState(String(brush?.kind === "range" ? brush.low : axis.low));
  const [to, setTo] = useState(String(brush?.kind === "range" ? brush.high : axis.high));
  const [texts, setTexts] = useState<readonly string[]>(brush?.kind === "texts" ? brush.texts : axis.column.texts);
  const { column } = axis;
  const isWrong = !column.isText && !(Number.isFinite(Number(from)) && Number.isFinite(Number(to)) && Number(from) <= Number(to));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isWrong) return;
    onBrush(column.isText ? (texts.length === 0 || texts.length === column.texts.length ? null : { kind: "texts", texts: column.texts.filter((text) => texts.includes(text)) }) : { kind: "range", low: Number(from), high: Number(to) });
    onClose();
  };
  return (
    <Dialog title={`Range of ${column.label}`} onClose={onClose}>
      <form className={styles["ranges"]} onSubmit={submit}>
        {column.isText ? (
          <fieldset>
            <legend className="visually-hidden">Values</legend>
            {column.texts.map((text) => (
              <label key={text} className={styles["choice"]}>
                <input type="checkbox" checked={texts.includes(text)} onChange={(event) => { setTexts(event.target.checked ? [...texts, text] : texts.filter((one) => one !== text)); }} /> <bdi>{text}</bdi>
              </label>
            ))}
          </fieldset>
        ) : (
          <fieldset>
            <legend className="visually-hidden">Ends</legend>
            <label>from <input data-autofocus type="number" step="any" value={from} aria-invalid={isWrong} onChange={(event) => { setFrom(event.target.value); }} /></label>
            <label>to <input type="number" step="any" value={to} aria-invalid={isWrong} onChange={(event) => { setTo(event.target.value); }} /></label>
          </fieldset>
        )}
        {isWrong && <p role="alert">“from” must be a number that is not above “to”.</p>}
        <button type="submit" data-look="primary">Apply</button>
        <button type="button" onClick={() => { onBrush(null); onClose(); }}>Clear</button>
      </form>
    </Dialog>
  );
}
