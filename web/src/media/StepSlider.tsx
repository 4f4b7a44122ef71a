/** One slider for all media of a page. The arrow keys move it from anywhere on the page. */

import { formatCount, plural } from "../format";
import styles from "./Media.module.css";
import type { Stepping } from "./useStep";

export function StepSlider({ stepping, count }: { stepping: Stepping; count: number }) {
  const { steps, place, go, by } = stepping;
  const step = steps[place] ?? 0;
  const last = steps.length - 1;
  if (steps.length < 2) return steps.length === 1 ? <p className="muted">All of it is of step {formatCount(step)}.</p> : null;
  return (
    <div className={styles["slider"]} role="group" aria-label="Step">
      <button type="button" aria-label="Previous step" title="Previous step (←)" disabled={place <= 0} onClick={() => { by(-1); }}>‹</button>
      <input type="range" aria-label="Step" min={0} max={last} value={place} aria-valuetext={`step ${formatCount(step)}`} onChange={(event) => { go(Number(event.target.value)); }} />
      <button type="button" aria-label="Next step" title="Next step (→)" disabled={place >= last} onClick={() => { by(1); }}>›</button>
      <output>step {formatCount(step)}</output>
      {place < last ? <button type="button" data-look="link" onClick={() => { go(last); }}>Newest</button> : <span className="muted">newest</span>}
      {count > steps.length && <span className="muted">{formatCount(steps.length)} of {plural(count, "step")}</span>}
    </div>
  );
}
