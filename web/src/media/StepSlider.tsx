/** One slider for all media of a page, which plays. The arrow keys move it from anywhere on the page. */

import { formatCount, plural } from "../format";
import { Icon } from "../parts/Icon";
import styles from "./Media.module.css";
import { SPEEDS, type Stepping } from "./useStep";

type Props = { stepping: Stepping; count: number };

/** `isShort` leaves the lesser ones to `StepTools`, wherever these stand. */
export function StepSlider({ stepping, count, isShort = false }: Props & { isShort?: boolean }) {
  const { steps, place, go, by, isPlaying, toggle } = stepping;
  const step = steps[place] ?? 0;
  const last = steps.length - 1;
  if (steps.length < 2) return steps.length === 1 ? <p className="muted">All of it is of step {formatCount(step)}.</p> : null;
  return (
    <div className={styles["slider"]} role="group" aria-label="Step">
      <button type="button" className={styles["play"]} aria-label={isPlaying ? "Pause" : "Play"} title={isPlaying ? "Pause (Space on the slider)" : "Play the steps (Space on the slider)"} onClick={toggle}>
        {isPlaying ? <span aria-hidden="true">‖</span> : <Icon name="play" />}
      </button>
      <button type="button" aria-label="Previous step" title="Previous step (←)" disabled={place <= 0} onClick={() => { by(-1); }}>‹</button>
      <input type="range" aria-label="Step" min={0} max={last} value={place} aria-valuetext={`step ${formatCount(step)}`} onChange={(event) => { go(Number(event.target.value)); }} onKeyDown={(event) => { if (event.key === " ") { event.preventDefault(); toggle(); } }} />
      <button type="button" aria-label="Next step" title="Next step (→)" disabled={place >= last} onClick={() => { by(1); }}>›</button>
      <output aria-live={isPlaying ? "off" : undefined}>step {formatCount(step)}</output>
      {!isShort && <StepTools {...{ stepping, count }} />}
    </div>
  );
}

export function StepTools({ stepping: { steps, place, go, speed, setSpeed }, count }: Props) {
  const last = steps.length - 1;
  if (last < 1) return null;
  return (
    <>
      {place < last ? <button type="button" data-look="link" onClick={() => { go(last); }}>Newest</button> : <span className="muted">newest</span>}
      <select aria-label="Speed of playing" title="Speed of playing" value={speed} onChange={(event) => { setSpeed(SPEEDS.find((one) => String(one) === event.target.value) ?? speed); }}>
        {SPEEDS.map((one) => <option key={one} value={one}>{one} / s</option>)}
      </select>
      {count > steps.length && <span className="muted">{formatCount(steps.length)} of {plural(count, "step")}</span>}
    </>
  );
}
