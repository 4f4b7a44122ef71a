/** The switch between the list beside its charts and the whole page of a table, of points or of lines across axes. */

import styles from "./Modes.module.css";
import type { Change } from "./useView";
import { MODES, type Mode } from "./view";

export function Modes({ mode, change }: { mode: Mode; change: Change }) {
  return (
    <div className={styles["modes"]} role="group" aria-label="View">
      {MODES.map((one) => (
        <button key={one} type="button" aria-pressed={mode === one} onClick={() => { change((now) => ({ ...now, mode: one })); }}>
          {NAMES[one]}
        </button>
      ))}
    </div>
  );
}

const NAMES: Record<Mode, string> = { runs: "Runs", table: "Table", scatter: "Scatter", parallel: "Parallel" };
