/** The head of a run's column or row: what it is, and what one can do with it here. */

import { Link } from "@tanstack/react-router";
import type { AbsentRun, RunRow } from "../api";
import { PromoteRun } from "../models/PromoteRun";
import { StatusMark, Swatch } from "../parts/Run";
import styles from "./ComparePage.module.css";
import { useCompareView } from "./useCompareView";
import { against, withoutRun } from "./view";

type HeadProps = { run: RunRow; dash: number; scope: "col" | "row"; project: string; isBaseline: boolean; isAlone: boolean };

export function RunHead({ run, dash, scope, project, isBaseline, isAlone }: HeadProps) {
  const { change } = useCompareView();
  return (
    <th scope={scope}>
      <span className={styles["run"]}>
        <Swatch hue={run.hue} dash={dash} />
        <Link to="/p/$project/runs/$run" params={{ project: run.project, run: run.id }} title={run.name}>
          <bdi>{run.name}</bdi>
        </Link>
      </span>
      <span className={styles["runNote"]}>
        <StatusMark status={run.status} />
        {run.project !== project && <span className="muted">of <bdi>{run.project}</bdi></span>}
      </span>
      <span className={styles["runNote"]}>
        {!isAlone && (isBaseline ? <strong>baseline</strong> : <button type="button" data-look="link" aria-label={`Make ${run.name} the baseline`} onClick={() => { change((now) => against(now, run.id)); }}>Baseline</button>)}
        <Remove id={run.id} name={run.name} />
        <PromoteRun run={run} />
      </span>
    </th>
  );
}

/** A run that is no longer there keeps its place, so that one sees what is missing. */
export function AbsentHead({ run, scope }: { run: AbsentRun; scope: "col" | "row" }) {
  return (
    <th scope={scope}>
      <span className={styles["run"]}><bdi className="clip">{run.name ?? run.id}</bdi></span>
      <span className={styles["runNote"]}>
        <span className={styles["gone"]}>{run.name === null ? "no such run" : "deleted"}</span>
        {run.project !== null && <span className="muted">in the trash of <bdi>{run.project}</bdi></span>}
      </span>
      <span className={styles["runNote"]}><Remove id={run.id} name={run.name ?? run.id} /></span>
    </th>
  );
}

function Remove({ id, name }: { id: string; name: string }) {
  const { view, change } = useCompareView();
  if (view.runs.length < 2) return null;
  return <button type="button" data-look="link" aria-label={`Remove ${name} from the comparison`} onClick={() => { change((now) => withoutRun(now, id)); }}>Remove</button>;
}
