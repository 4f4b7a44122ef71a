/** The line between list and charts: it is dragged, or moved with the arrow keys. */

import { listWidth } from "../settings";
import styles from "./Splitter.module.css";

const LEAST = 240;
const MOST = 900;
const STEP = 24;

const clamp = (width: number) => Math.min(MOST, Math.max(LEAST, Math.round(width)));

export function Splitter() {
  const width = listWidth.use();
  return (
    <div
      className={styles["splitter"]}
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the run list"
      aria-valuenow={width}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      tabIndex={0}
      onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); }}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const left = event.currentTarget.parentElement?.getBoundingClientRect().left ?? 0;
        listWidth.set(clamp(event.clientX - left));
      }}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        listWidth.set(clamp(width + by));
      }}
    />
  );
}
