/** What runs now in all projects: since when, how far it is, and one number that tells how it does. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { splitList } from "../address";
import type { Project, RunningRun } from "../api";
import { formatCount, formatNumber, plural } from "../format";
import { RunLink } from "../parts/Run";
import { Lasting } from "../parts/Time";
import { queries } from "../queries";
import { lastView } from "../settings";
import styles from "./ProjectsPage.module.css";

export function NowRunning({ projects }: { projects: readonly Project[] }) {
  const pinned = useMemo(() => firstPins(projects), [projects]);
  const running = useQuery(queries.running(pinned));
  if (running.data === undefined) return null;
  const { runs, total } = running.data;
  return (
    <section className={styles["now"]} aria-label="Now running">
      <h2>
        Now running <span className="muted">{formatCount(total)}</span>
      </h2>
      {runs.length === 0 && <p className="muted">Nothing runs now.</p>}
      <ul>
        {runs.map((run) => (
          <RunningRow key={run.id} run={run} />
        ))}
      </ul>
      {total > runs.length && <p className="muted">and {plural(total - runs.length, "other run")}</p>}
    </section>
  );
}

/** The first metric that is pinned in each project with running runs, as its workspace was seen last. */
function firstPins(projects: readonly Project[]): Record<string, string> {
  const running = projects.filter(({ running_count }) => running_count > 0);
  return Object.fromEntries(running.flatMap(({ name }) => splitList(lastView(name).get()["pins"]).slice(0, 1).map((metric) => [name, metric])));
}

function RunningRow({ run }: { run: RunningRun }) {
  const { metric, step_count: most } = run;
  const step = metric?.step ?? null;
  const done = step === null || most === null ? null : Math.min(1, (step + 1) / most);
  return (
    <li>
      <span className={styles["who"]}>
        <RunLink run={run} />
        <Link className="muted clip" to="/p/$project" params={{ project: run.project }}>
          <bdi>{run.project}</bdi>
        </Link>
      </span>
      <span className={styles["how"]}>
        {metric !== null && (
          <span className="clip" title={`${metric.name}, last value`}>
            <span className="muted">{metric.name}</span> {metric.value === null ? "not finite" : formatNumber(metric.value)}
          </span>
        )}
        <span className="muted">{run.is_stopping ? "stopping" : <Lasting from={run.started_ms} to={null} />}</span>
      </span>
      {done !== null && <progress value={done} aria-label={`Progress of ${run.name}`} title={`${(done * 100).toFixed(0)} %: step ${formatCount(step ?? 0)} of ${formatCount(most ?? 0)}`} />}
    </li>
  );
}
