/** What a run was: notes and tags, results, config, and where and from what it was started. A failure comes first. */

import { Link } from "@tanstack/react-router";
import type { RunDetail } from "../api";
import { formatCount, formatNumber, plural } from "../format";
import { CodeBlock, CopyButton } from "../parts/Code";
import { Alerts } from "./Alerts";
import { ConfigTree } from "./ConfigTree";
import { NameEditor, NotesEditor, TagsEditor } from "./Editors";
import { Environment } from "./Environment";
import { Kinship } from "./Kinship";
import { Summary } from "./Summary";
import { Superseded } from "./Superseded";
import styles from "./Overview.module.css";

/** `onRestored` is called when the points of the run are others than before. */
export function Overview({ run, onRestored }: { run: RunDetail; onRestored: () => void }) {
  return (
    <div className={styles["page"]}>
      {run.error !== null && <FailureReport run={run} error={run.error} />}
      {run.lost_records > 0 && (
        <p className={styles["warning"]} role="note">
          {plural(run.lost_records, "record")} of this run {run.lost_records === 1 ? "was" : "were"} lost to a damaged journal or a full disk: charts and console may have holes.
        </p>
      )}
      {run.alert_count > 0 && <Alerts run={run} />}
      <section className={styles["about"]} aria-label="About">
        <NameEditor run={run} />
        <TagsEditor run={run} />
        <NotesEditor run={run} />
        <Kinship run={run} />
      </section>
      <div className={styles["columns"]}>
        <Summary run={run} />
        <ConfigTree config={run.config_tree} />
      </div>
      <Superseded run={run} onRestored={onRestored} />
      <Environment run={run} />
      <p className="muted small">
        Run {formatNumber(run.number)} of {run.project} · <span className="mono">{run.id}</span> <CopyButton text={run.id} label="Copy id" />
      </p>
    </div>
  );
}

function FailureReport({ run, error }: { run: RunDetail; error: string }) {
  const last = error.trimEnd().split("\n").at(-1) ?? error;
  return (
    <section className={styles["failure"]} aria-label="Why it failed">
      <h2>
        <span aria-hidden="true">✕ </span>
        {last}
      </h2>
      <CodeBlock text={error} label="Traceback" />
      <p>
        {run.exit_code !== null && <>Exit code {run.exit_code}. </>}
        <Link to="/p/$project/runs/$run/$tab" params={{ project: run.project, run: run.id, tab: "console" }}>
          Console ({formatCount(run.console_lines)} lines)
        </Link>
      </p>
    </section>
  );
}
