/** What stands on the x axis, found by typing a part of its name. */

import { useState } from "react";
import { formatCount } from "../format";
import { Dialog } from "../parts/Dialog";
import styles from "./AxisPicker.module.css";
import type { XAxis } from "./figure";

type Props = { axis: XAxis; metrics: readonly string[]; onChoose: (axis: XAxis) => void; onClose: () => void };

/** Longer lists are for the search field. */
const MOST_SHOWN = 200;

export function AxisPicker({ axis, metrics, onChoose, onClose }: Props) {
  const [text, setText] = useState("");
  const found = metrics.filter((name) => name.toLowerCase().includes(text.trim().toLowerCase()));
  return (
    <Dialog title="X axis" onClose={onClose}>
      <p className="muted">A point stands at the value that the metric had at its step, or last before it.</p>
      <input className={styles["search"]} type="search" data-autofocus aria-label="Find a metric for the x axis" placeholder="Find a metric" value={text} onChange={(event) => { setText(event.target.value); }} />
      <ul className={styles["list"]} aria-label="Metrics">
        {found.slice(0, MOST_SHOWN).map((name) => (
          <li key={name}>
            <button type="button" data-look="plain" aria-pressed={axis === `metric:${name}`} onClick={() => { onChoose(`metric:${name}`); }}>
              <bdi>{name}</bdi>
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="muted">No metric is called “{text}”.</p>}
      {found.length > MOST_SHOWN && <p className="muted small">The first {MOST_SHOWN} of {formatCount(found.length)}; type more of the name.</p>}
    </Dialog>
  );
}
