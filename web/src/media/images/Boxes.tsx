/** The boxes of an image, over it. Lines keep their width however large the image is shown. */

import styles from "./Images.module.css";
import { type ImageDetails, type Marking, hueOf, isBoxShown } from "./marks";

export function Boxes({ details, marking, size }: { details: ImageDetails; marking: Marking; size: { width: number; height: number } }) {
  const shown = details.boxes.filter((box) => isBoxShown(box, marking));
  if (shown.length === 0) return null;
  return (
    <svg className={styles["boxes"]} viewBox={`0 0 ${String(size.width)} ${String(size.height)}`} preserveAspectRatio="none" role="img" aria-label={`${String(shown.length)} boxes`}>
      {shown.map(({ box: [left, top, right, bottom], label, score, group }, index) => (
        <rect key={index} x={Math.min(left, right)} y={Math.min(top, bottom)} width={Math.abs(right - left)} height={Math.abs(bottom - top)} data-group={group} style={{ stroke: `var(--hue-${String(hueOf(label))})` }}>
          <title>{[label, group, score === null ? "" : score.toFixed(2)].filter((part) => part !== "").join(" · ")}</title>
        </rect>
      ))}
    </svg>
  );
}
