/** What to do with a comparison of one run. */

import type { RunRow } from "../api";
import styles from "./ComparePage.module.css";
import { runOf, useProduction } from "./production";
import { useCompareView } from "./useCompareView";
import { against } from "./view";

export function OneRun({ run, onAdd }: { run: RunRow; onAdd: () => void }) {
  const { change } = useCompareView();
  const holders = useProduction(run.project);
  return (
    <p className={styles["note"]}>
      This is <bdi>{run.name}</bdi> alone. <button type="button" data-look="link" onClick={onAdd}>Add another run</button>
      {holders.length > 0 && ", or compare it with production: "}
      {holders.map((holder, index) => (
        <span key={holder.model}>
          {index > 0 && ", "}
          <button
            type="button"
            data-look="link"
            onClick={() => void runOf(holder).then((id) => { if (id !== null) change((now) => against(now, id)); })}
          >
            {holder.model} v{holder.version}
          </button>
        </span>
      ))}
    </p>
  );
}
