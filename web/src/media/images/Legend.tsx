/** The classes that are marked in images, each of which can be hidden, and the least score of boxes. */

import styles from "./Images.module.css";
import { type ImageDetails, type Marking, hasScores, legendOf, toggled } from "./marks";

type Props = { images: readonly ImageDetails[]; marking: Marking; onMarking: (marking: Marking) => void };

export function Legend({ images, marking, onMarking }: Props) {
  const entries = legendOf(images, marking.threshold);
  if (entries.length === 0) return null;
  return (
    <div className={styles["legend"]} role="group" aria-label="Classes">
      {entries.map(({ key, label, of, count, hue }) => (
        <label key={key}>
          <input type="checkbox" checked={!marking.hidden.has(key)} onChange={() => { onMarking(toggled(marking, key)); }} />
          <span className={styles["class"]} style={{ "--hue": `var(--hue-${String(hue)})` }} aria-hidden="true" />
          <span><bdi>{label}</bdi>{of !== "" && <span className="muted"> {of}</span>}{count !== null && <span className="muted"> {count}</span>}</span>
        </label>
      ))}
      {hasScores(images) && (
        <label>
          Score from <input type="range" min={0} max={1} step={0.01} value={marking.threshold} aria-label="Least score" onChange={(event) => { onMarking({ ...marking, threshold: Number(event.target.value) }); }} />
          <output>{marking.threshold.toFixed(2)}</output>
        </label>
      )}
    </div>
  );
}
