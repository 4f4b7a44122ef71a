/** Against which run the others are told: one of those compared, or what is in production. */

import type { Comparison } from "../api";
import { type Holder, runOf, useProduction } from "./production";
import styles from "./ComparePage.module.css";
import { useCompareView } from "./useCompareView";
import { against } from "./view";

export function BaselineField({ comparison, project, baseline }: { comparison: Comparison; project: string; baseline: string }) {
  const { change } = useCompareView();
  const holders = useProduction(project);
  const choose = async (value: string) => {
    const holder = holders.find((one) => optionOf(one) === value);
    const run = holder === undefined ? value : await runOf(holder);
    if (run !== null) change((now) => against(now, run));
  };
  if (comparison.runs.length + holders.length < 2) return null;
  return (
    <label className={styles["baseline"]}>
      Baseline{" "}
      <select value={baseline} onChange={(event) => void choose(event.target.value)}>
        {comparison.runs.map(({ id, name }) => (
          <option key={id} value={id}>{name}</option>
        ))}
        {holders.length > 0 && (
          <optgroup label="in production">
            {holders.map((holder) => (
              <option key={holder.model} value={optionOf(holder)}>{holder.model} v{holder.version}</option>
            ))}
          </optgroup>
        )}
      </select>
    </label>
  );
}

const optionOf = ({ model, version }: Holder) => `model ${model} ${String(version)}`;
