/** All projects: what runs now, what happened lately, and how to begin when there is nothing yet. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { Project } from "../api";
import { formatCount, plural } from "../format";
import { Page } from "../frame/Page";
import { useKeys } from "../frame/keys";
import { liveState } from "../frame/liveState";
import { Empty, Failure, Outline } from "../parts/Note";
import { Sparkline } from "../parts/Sparkline";
import { Ago } from "../parts/Time";
import { FIRST_RUN_MS, queries } from "../queries";
import { FirstRun } from "./FirstRun";
import styles from "./ProjectsPage.module.css";

export function ProjectsPage() {
  const projects = useQuery({ ...queries.projects(), refetchInterval: FIRST_RUN_MS });
  const [text, setText] = useState("");
  const search = useRef<HTMLInputElement>(null);
  useKeys([{ key: "/", label: "Find a project", run: () => search.current?.focus() }]);
  const all = projects.data?.projects;
  const running = all?.reduce((sum, project) => sum + project.running_count, 0) ?? 0;
  useEffect(() => {
    liveState.set({ kind: "live", running });
    return () => { liveState.set({ kind: "idle" }); };
  }, [running]);
  const shown = all?.filter((project) => matches(project, text)) ?? [];
  return (
    <Page title="Projects" heading="Projects" crumbs={[]}>
      {projects.error !== null && <Failure what="The projects could not be fetched." error={projects.error} onRetry={() => void projects.refetch()} />}
      {projects.isPending && <Outline lines={5} />}
      {all?.length === 0 && <FirstRun />}
      {all !== undefined && all.length > 0 && (
        <>
          <div className={styles["tools"]}>
            <input ref={search} type="search" aria-label="Find a project" placeholder="Find a project" value={text} onChange={(event) => { setText(event.target.value); }} />
            <span className="muted">{shown.length === all.length ? plural(all.length, "project") : `${formatCount(shown.length)} of ${plural(all.length, "project")}`}</span>
          </div>
          <ul className={styles["list"]}>
            {shown.map((project) => (
              <ProjectRow key={project.name} project={project} />
            ))}
          </ul>
          {shown.length === 0 && (
            <Empty title={`No project matches “${text}”`}>
              <button type="button" onClick={() => { setText(""); }}>Show all</button>
            </Empty>
          )}
        </>
      )}
    </Page>
  );
}

function ProjectRow({ project }: { project: Project }) {
  const total = project.runs_per_day.reduce((sum, count) => sum + count, 0);
  return (
    <li className={styles["row"]}>
      <div className={styles["name"]}>
        <Link to="/p/$project" params={{ project: project.name }}>
          <bdi>{project.name}</bdi>
        </Link>
        {project.description !== "" && <p className="muted">{project.description}</p>}
      </div>
      <span className={styles["spark"]}>
        <Sparkline values={project.runs_per_day} label={`${plural(total, "run")} in the last 30 days`} />
        <span className="muted small" aria-hidden="true">30 days</span>
      </span>
      <span className="number">{plural(project.run_count, "run")}</span>
      <span className={styles["live"]}>{project.running_count > 0 && <>● {formatCount(project.running_count)} running</>}</span>
      <span className={styles["when"]}>{project.last_activity_ms === null ? "no activity yet" : <Ago ms={project.last_activity_ms} />}</span>
    </li>
  );
}

function matches(project: Project, text: string): boolean {
  const haystack = `${project.name} ${project.description}`.toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => haystack.includes(word));
}
