/** The one tooltip of the page: what every visible run says at the cursor, highest first. Shift pins it. */

import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { formatNumber } from "../format";
import { isTyping } from "../frame/keys";
import { Swatch } from "../parts/Run";
import { xText } from "./ticks";
import { figures } from "./Tile";
import styles from "./Tooltip.module.css";
import { type Hover, cursor, spotlight } from "./cursor";
import { type Reading, axisName, readingsAt, titleOf } from "./figure";
import { reachOf } from "./overlay";
import { range } from "./tile";
import { formatMeasure } from "./units";

const MOST_ROWS = 14;
const GAP_PX = 16;

export function Tooltip() {
  const [hover, setHover] = useState<Hover>(null);
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let frame = 0;
    const show = (next: Hover) => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => { setHover(next); });
    };
    const unwatch = cursor.watch(show);
    show(cursor.get()); // one may have pointed at a chart before this was here
    const onKey = (event: KeyboardEvent) => {
      const now = cursor.get();
      if (now === null || isTyping(event.target)) return;
      if (event.key === "Shift" && !event.repeat) cursor.set({ ...now, isPinned: !now.isPinned });
      if (event.key === "Escape") cursor.set(null);
    };
    window.addEventListener("keydown", onKey);
    return () => {
      unwatch();
      cancelAnimationFrame(frame);
      window.removeEventListener("keydown", onKey);
    };
  }, []);
  useLayoutEffect(() => {
    if (ref.current !== null && hover !== null) place(ref.current, hover);
  });
  const figure = hover === null ? undefined : figures.get(hover.source)?.();
  const area = hover !== null && hover.source instanceof HTMLElement ? range(hover.source) : null;
  if (hover === null || figure === undefined || area === null) return null;
  const readings = readingsAt(figure, hover.x, reachOf(area));
  if (readings.length === 0) return null;
  const strong = spotlight.get();
  const shown = hover.isPinned ? readings : around(readings, strong);
  const at = nearestReading(readings, strong);
  return createPortal(
    <div ref={ref} className={styles["tooltip"]} data-pinned={hover.isPinned} role="tooltip" aria-live={hover.isByKey === true ? "polite" : "off"}>
      <div className={styles["head"]}>
        <span>
          {axisName(figure.axis)} {xText(figure.axis, at.x)}
          {figure.axis !== "step" && !Number.isNaN(at.step) && <span className="muted"> · step {formatNumber(at.step)}</span>}
        </span>
        <span className="muted">{hover.isPinned ? "Esc closes" : "Shift pins"}</span>
      </div>
      <table>
        <tbody>
          {shown.map(({ line, value, raw, n }) => (
            <tr key={line.id} data-strong={line.run === strong}>
              <td><Swatch hue={line.hue} dash={line.dash} /></td>
              <td className={styles["name"]}><bdi title={titleOf(line)}>{line.name}</bdi>{line.note && <span className="muted" title={line.note.full}> · <bdi>{line.note.text}</bdi></span>}</td>
              <td className="number" title={String(value)}>{formatMeasure(figure.metric, value)}</td>
              {raw !== null && <td className="number muted" title={String(raw)}>{formatMeasure(figure.metric, raw)}</td>}
              {n !== null && <td className="number muted">n {n}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < readings.length && <div className="muted small">and {readings.length - shown.length} more</div>}
      {figure.lines.some((line) => line.raw !== null) && <div className="muted small">smoothed, and the value itself</div>}
    </div>,
    document.body,
  );
}

/** The run under the pointer is among the rows, whatever its rank. */
function around(readings: readonly Reading[], strong: string | null): readonly Reading[] {
  if (readings.length <= MOST_ROWS) return readings;
  const at = Math.max(0, readings.findIndex(({ line }) => line.run === strong));
  const start = Math.min(Math.max(0, at - Math.floor(MOST_ROWS / 2)), readings.length - MOST_ROWS);
  return readings.slice(start, start + MOST_ROWS);
}

function nearestReading(readings: readonly Reading[], strong: string | null): { x: number; step: number } {
  return readings.find(({ line }) => line.run === strong) ?? readings[0] ?? { x: 0, step: 0 };
}

/** Beside the pointer, on the side with room. */
function place(element: HTMLElement, { clientX, clientY }: { clientX: number; clientY: number }): void {
  const { offsetWidth: width, offsetHeight: height } = element;
  const isRight = clientX + GAP_PX + width < window.innerWidth - 8;
  const left = isRight ? clientX + GAP_PX : Math.max(8, clientX - GAP_PX - width);
  const top = Math.max(8, Math.min(clientY + GAP_PX, window.innerHeight - height - 8));
  element.style.transform = `translate(${String(Math.round(left))}px, ${String(Math.round(top))}px)`;
}
