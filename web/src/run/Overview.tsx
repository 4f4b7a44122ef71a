/** What a run was: notes and tags, results, config, and where and from what it was started. A failure comes first. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type RunDetail, api } from "../api";
import { formatNumber, plural } from "../format";
import { CodeBlock, CopyButton } from "../parts/Code";
import { Alerts } from "./Alerts";
import { ConfigTree } from "./ConfigTree";
import { NameEditor, NotesEditor, TagsEditor } from "./Editors";
import { Environment } from "./Environment";
import { Kinship } from "./Kinship";
import { Lineage } from "./Lineage";
import { Summary } from "./Summary";
import { Superseded } from "./Superseded";
import { Timeline } from "./Timeline";
import { partsOf } from "./ansi";
import styles from "./Overview.module.css";

/** `onRestored` is called when the points of the run are others than before. */
export function Overview({ run, onRestored }: { run: RunDetail; onRestored: () => void }) {
  return (
    <div className={styles["page"]}>
      {(run.error !== null || run.status === "failed") && <FailureReport run={run} error={run.error} />}
      {run.lost_records > 0 && (
        <p className={styles["warning"]} role="note">
          {plural(run.lost_records, "record")} of this run {run.lost_records === 1 ? "was" : "were"} lost to a damaged journal or a full disk: charts and console may have holes.
        </p>
      )}
      {run.alert_count > 0 && <Alerts run={run} />}
      <section className={styles["about"]} aria-label="About">
        <NameEditor run={run} />
        <p className="muted">
          Run {formatNumber(run.number)} of <bdi>{run.project}</bdi> · <span className={styles["id"]}><span className="mono">{run.id}</span> <CopyButton text={run.id} label="Copy run id" /></span>
        </p>
        <TagsEditor run={run} />
        <NotesEditor run={run} />
        <Kinship run={run} />
      </section>
      <div className={styles["columns"]}>
        <Summary run={run} />
        <ConfigTree config={run.config_tree} run={run} />
      </div>
      <Superseded run={run} onRestored={onRestored} />
      <Lineage run={run} />
      <Timeline run={run} />
      <Environment run={run} />
    </div>
  );
}

const LAST_LINES = 15;

function FailureReport({ run, error }: { run: RunDetail; error: string | null }) {
  const last = error === null ? "It failed and told no exception" : (error.trimEnd().split("\n").at(-1) ?? error);
  const said = useQuery({ queryKey: ["run", run.id, "last lines", run.console_lines], queryFn: () => api.console(run.id, { start: -LAST_LINES, limit: LAST_LINES }), enabled: run.console_lines > 0 });
  const lines = said.data?.lines ?? [];
  return (
    <section className={styles["failure"]} aria-label="Why it failed">
      <h2>
        <span aria-hidden="true">✕ </span>
        {last}
      </h2>
      {error !== null && <CodeBlock text={error} label="Traceback" />}
      {lines.length > 0 && (
        <>
          <h3>The last it printed</h3>
          <CodeBlock text={lines.map((line) => partsOf(line.text).map(({ text }) => text).join("")).join("\n")} label="Last console lines" />
        </>
      )}
      <p>
        {run.exit_code !== null && <>Exit code {run.exit_code}. </>}
        <Link to="/p/$project/runs/$run/$tab" params={{ project: run.project, run: run.id, tab: "console" }}>
          Console ({plural(run.console_lines, "line")})
        </Link>
      </p>
    </section>
  );
}
