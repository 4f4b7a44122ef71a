/** All projects: what runs now, what happened lately, and how to begin when there is nothing yet. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import { type Project, type ProjectStorage, api, reasonOf } from "../api";
import { formatAtLeast, formatCount, plural } from "../format";
import { Page } from "../frame/Page";
import { useFollowed } from "../frame/followed";
import { useKeys } from "../frame/keys";
import { toast } from "../frame/Toasts";
import { Icon } from "../parts/Icon";
import { Menu } from "../parts/Menu";
import { Empty, Failure, Outline } from "../parts/Note";
import { Sparkline } from "../parts/Sparkline";
import { Ago } from "../parts/Time";
import { client, queries } from "../queries";
import { useRights } from "../rights";
import { projectOrder, starred } from "../settings";
import { bytesOf } from "../storage/words";
import { FirstRun } from "./FirstRun";
import { NowRunning } from "./NowRunning";
import styles from "./ProjectsPage.module.css";
import { ORDERS, listedProjects } from "./order";

export function ProjectsPage() {
  const projects = useQuery(queries.projects());
  const storage = useQuery(queries.storage()).data;
  const stored = useMemo(() => new Map(storage?.projects.map((one) => [one.name, one])), [storage]);
  const bytes = useMemo(() => new Map(storage?.projects.map((one) => [one.name, bytesOf(one)])), [storage]);
  const [text, setText] = useState("");
  const order = projectOrder.use();
  const stars = starred.use();
  const search = useRef<HTMLInputElement>(null);
  useKeys([{ key: "/", label: "Find a project", run: () => search.current?.focus() }]);
  const all = projects.data?.projects;
  const running = all?.reduce((sum, project) => sum + project.running_count, 0) ?? 0;
  useFollowed({ queryKey: queries.projects().queryKey, fetch: (signal) => api.projects({ signal }), running, isEager: all?.length === 0, onNews: () => void client.invalidateQueries({ queryKey: ["running"] }) });
  const listed = listedProjects(all ?? [], { text, order, starred: stars, bytes });
  const shown = listed.filter(({ is_archived }) => !is_archived);
  const archived = listed.filter(({ is_archived }) => is_archived);
  const [hasArchived, setHasArchived] = useState(false);
  const rows = (some: readonly Project[]) => some.map((project) => <ProjectRow key={project.name} project={project} stored={stored.get(project.name) ?? null} isStarred={stars.includes(project.name)} />);
  return (
    <Page title="Projects" heading="Projects" crumbs={[]}>
      {projects.error !== null && all === undefined && <Failure what="The projects could not be fetched." error={projects.error} onRetry={() => void projects.refetch()} />}
      {projects.isPending && <Outline lines={5} />}
      {all?.length === 0 && <FirstRun />}
      {all !== undefined && all.length > 0 && (
        <div className={styles["halves"]}>
          <NowRunning projects={all} />
          <section aria-label="All projects">
            <div className={styles["tools"]}>
              <input ref={search} type="search" aria-label="Find a project" placeholder="Find a project" value={text} onChange={(event) => { setText(event.target.value); }} />
              <select aria-label="Sort projects by" value={order} onChange={(event) => { projectOrder.set(ORDERS.find(([one]) => one === event.target.value)?.[0] ?? "activity"); }}>
                {ORDERS.map(([one, label]) => (
                  <option key={one} value={one}>
                    {label}
                  </option>
                ))}
              </select>
              <span className="muted">{listed.length === all.length ? plural(all.length, "project") : `${formatCount(listed.length)} of ${plural(all.length, "project")}`}</span>
            </div>
            <ul className={styles["list"]}>{rows(shown)}</ul>
            {listed.length === 0 && (
              <Empty title={`No project matches “${text}”`}>
                <button type="button" onClick={() => { setText(""); }}>Show all</button>
              </Empty>
            )}
            {archived.length > 0 && (
              <section aria-label="Archived">
                <h2>
                  <button type="button" data-look="plain" aria-expanded={hasArchived} onClick={() => { setHasArchived(!hasArchived); }}>
                    <Icon name={hasArchived ? "down" : "right"} size={14} /> Archived <span className="muted">{formatCount(archived.length)}</span>
                  </button>
                </h2>
                {hasArchived && <ul className={styles["list"]}>{rows(archived)}</ul>}
              </section>
            )}
          </section>
        </div>
      )}
    </Page>
  );
}

function ProjectRow({ project, stored, isStarred }: { project: Project; stored: ProjectStorage | null; isStarred: boolean }) {
  const total = project.runs_per_day.reduce((sum, count) => sum + count, 0);
  const { name } = project;
  const withheld = useRights(name);
  return (
    <li className={styles["row"]}>
      <button
        type="button"
        data-look="icon"
        className={styles["star"]}
        aria-pressed={isStarred}
        aria-label={`Star ${name}`}
        title={isStarred ? "Starred: stands first" : "Star: put first"}
        onClick={() => { starred.set(isStarred ? starred.get().filter((one) => one !== name) : [...starred.get(), name]); }}
      >
        <Icon name="star" />
      </button>
      <div className={styles["name"]}>
        <Link to="/p/$project" params={{ project: name }}>
          <bdi>{name}</bdi>
        </Link>
        {project.description !== "" && <p className="muted">{project.description}</p>}
      </div>
      <span className={styles["spark"]}>
        <Sparkline values={project.runs_per_day} label={`${plural(total, "run")} in the last 30 days`} />
        <span className="muted small" aria-hidden="true">30 days</span>
      </span>
      <span className="number">{plural(project.run_count, "run")}</span>
      <span className={styles["live"]}>{project.running_count > 0 && <>● {formatCount(project.running_count)} running</>}</span>
      <span className={styles["bytes"]} title="In all versions of its artifacts, and its media">{stored === null || bytesOf(stored) === 0 ? "" : formatAtLeast(bytesOf(stored), stored.unsized_count)}</span>
      <span className={styles["when"]}>{project.last_activity_ms === null ? "no activity yet" : <Ago ms={project.last_activity_ms} />}</span>
      <Menu label={`More for ${name}`} look="icon" entries={[{ kind: "do", label: project.is_archived ? "Unarchive project" : "Archive project", reason: withheld("editor"), onSelect: () => void archiveProject(name, !project.is_archived) }]}>
        <Icon name="more" size={14} />
      </Menu>
    </li>
  );
}

/** Its runs go on, and whoever has its address finds it as ever. */
async function archiveProject(name: string, isArchived: boolean): Promise<void> {
  try {
    await api.changeProject(name, { is_archived: isArchived });
  } catch (error) {
    toast({ text: `The project was not changed: ${reasonOf(error)}`, isBad: true });
    return;
  }
  toast({
    about: `archive ${name}`,
    text: isArchived ? `Archived ${name}` : `Took ${name} out of the archive`,
    lastsMs: 10_000,
    action: { label: "Undo", run: () => void archiveProject(name, !isArchived) },
  });
  await client.invalidateQueries({ queryKey: queries.projects().queryKey });
}
