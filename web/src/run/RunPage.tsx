/** One run: what it was, what it did, what it left behind. The tab is part of the address. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { type ReactNode, Suspense, lazy, useMemo, useState } from "react";
import { type RunDetail, api, exportAddress, isNotFound, reasonOf } from "../api";
import type { RunStyle, XAxis } from "../charts/figure";
import { sectionsOf, isSystem } from "../charts/sections";
import { formatCount } from "../format";
import { NotFound } from "../frame/App";
import { Page } from "../frame/Page";
import { toast } from "../frame/Toasts";
import { copyText } from "../parts/clipboard";
import { Menu } from "../parts/Menu";
import { Icon } from "../parts/Icon";
import { Failure, Outline } from "../parts/Note";
import { StatusMark, Swatch } from "../parts/Run";
import { Ago, Lasting } from "../parts/Time";
import { client, queries, runChanged } from "../queries";
import { openLinks } from "../share/sharing";
import { useMayManage } from "../share/useMayManage";
import { useRights } from "../rights";
import { useLive } from "../workspace/live";
import { useSeriesStore } from "../workspace/useSeriesStore";
import { ArtifactsTab } from "./ArtifactsTab";
import { PromoteRun } from "../models/PromoteRun";
import { BestMark } from "./BestMark";
import { CompareWith } from "./CompareWith";
import { Overview } from "./Overview";
import { RunCharts } from "./RunCharts";
import styles from "./RunPage.module.css";
import { StopRun, StopStory } from "./StopRun";
import { useChartSettings } from "./useChartSettings";
import { hasMore, useRunMetrics } from "./useRunMetrics";

const CodeTab = lazy(() => import("./CodeTab").then((module) => ({ default: module.CodeTab })));
const ConsoleTab = lazy(() => import("./ConsoleTab").then((module) => ({ default: module.ConsoleTab })));
const DeleteRunDialog = lazy(() => import("./DeleteRunDialog").then((module) => ({ default: module.DeleteRunDialog })));
const GoOnDialog = lazy(() => import("./GoOnDialog").then((module) => ({ default: module.GoOnDialog })));
const MediaTab = lazy(() => import("../media/MediaTab").then((module) => ({ default: module.MediaTab })));
const NoSuchRun = lazy(() => import("./NoSuchRun").then((module) => ({ default: module.NoSuchRun })));
const SystemTab = lazy(() => import("./SystemTab").then((module) => ({ default: module.SystemTab })));

const TABS = ["overview", "charts", "system", "console", "media", "artifacts", "code"] as const;
export type Tab = (typeof TABS)[number];

export function RunPage() {
  const { project = "", run: id = "", tab } = useParams({ strict: false });
  const run = useQuery(queries.run(id));
  const current = TABS.find((one) => one === (tab ?? "overview"));
  if (current === undefined) return <NotFound />;
  if (isNotFound(run.error)) return <Suspense><NoSuchRun project={project} id={id} /></Suspense>;
  if (run.data === undefined) {
    return (
      <Page title="Run" crumbs={crumbs(project)}>
        {run.error === null ? <Outline lines={8} /> : <Failure what="The run could not be fetched." error={run.error} onRetry={() => void run.refetch()} />}
      </Page>
    );
  }
  return <Loaded key={id} run={run.data} tab={current} />;
}

const crumbs = (project: string) => [
  { label: "Projects", to: "/" },
  { label: project, to: `/p/${encodeURIComponent(project)}` },
];

function Loaded({ run, tab }: { run: RunDetail; tab: Tab }) {
  const isSystemTab = tab === "system";
  const { settings, onSettings } = useChartSettings(isSystemTab ? "relative_time" : usualAxis(run));
  const shown = useMemo(() => (isSystemTab && settings.x !== "time" ? { ...settings, x: "relative_time" as const } : settings), [isSystemTab, settings]);
  const { id, name, hue, status, project } = run;
  const styled = useMemo<RunStyle[]>(() => [{ id, name, hue, dash: 0, isRunning: status === "running" }], [id, name, hue, status]);
  const store = useSeriesStore(shown, styled);
  const isGrowing = status === "running" || status === "lost";
  useLive({ project, columns: NO_COLUMNS, liveRuns: () => (isGrowing ? [id] : []), runningCount: status === "running" ? 1 : 0, store }, ({ changed }) => {
    if (changed.some((row) => row.id === id)) void client.invalidateQueries({ queryKey: queries.run(id).queryKey, exact: true });
  });
  const known = useRunMetrics(run, settings.search);
  const metrics = useMemo(() => Object.keys(known), [known]);
  const groups = useMemo(() => sectionsOf(metrics), [metrics]);
  const ofKind = (system: boolean) => groups.filter((group) => isSystem(group.name) === system).flatMap((group) => group.metrics);
  const systemMetrics = useMemo(() => metrics.filter((metric) => isSystem(metric)), [metrics]);
  const systemCount = systemMetrics.length;
  const counts: Partial<Record<Tab, number>> = { charts: hasMore(run) ? run.metric_count - systemCount : metrics.length - systemCount, system: systemCount, console: run.console_lines, media: run.media_count, artifacts: run.artifact_count };
  const isWide = tab === "charts" || tab === "system" || tab === "console";
  const charts = { run, store, runs: styled, settings: shown, onSettings };
  return (
    <Page title={`${name} · ${project}`} crumbs={crumbs(project)} here={<><Swatch hue={hue} /> <bdi>{name}</bdi></>} isWide={isWide}>
      <div className={styles["head"]} data-wide={isWide}>
        <Heading run={run} />
        <nav ref={showOpenTab} className={styles["tabs"]} aria-label="Parts of the run">
          {TABS.map((one) => (
            <TabLink key={one} run={run} tab={one} isCurrent={one === tab} count={counts[one]} />
          ))}
        </nav>
      </div>
      <Suspense fallback={<Outline lines={8} />}>
        {tab === "overview" && <Overview run={run} onRestored={() => { store.forget(id); }} />}
        {tab === "charts" && <RunCharts {...charts} metrics={ofKind(false)} />}
        {tab === "system" && <SystemTab {...{ run, store, onSettings }} settings={shown} metrics={systemMetrics} />}
        {tab === "console" && <ConsoleTab run={run} />}
        {tab === "media" && <MediaTab run={run} />}
        {tab === "artifacts" && <ArtifactsTab run={run} />}
        {tab === "code" && <CodeTab run={run} />}
      </Suspense>
    </Page>
  );
}

const NO_COLUMNS: string[] = [];

/** What the run wants its metrics to be drawn over. */
function usualAxis({ definitions }: RunDetail): XAxis {
  const over = definitions.find(({ step_metric }) => (step_metric ?? null) !== null)?.step_metric ?? null;
  return over === null ? "step" : `metric:${over}`;
}

/** On a narrow screen the tabs scroll, and the open one may be beyond the edge. */
function showOpenTab(tabs: HTMLElement | null): void {
  const open = tabs?.querySelector<HTMLElement>('[aria-current="page"]');
  if (tabs !== null && open) tabs.scrollLeft = open.offsetLeft + open.offsetWidth - tabs.clientWidth;
}

function Heading({ run }: { run: RunDetail }) {
  const navigate = useNavigate();
  const reason = useRights(run.project)("editor");
  const [asked, setAsked] = useState<"delete" | "continue" | "fork" | null>(null);
  const mayManage = useMayManage(run.project);
  const close = () => { setAsked(null); };
  const remove = async (reason: string) => {
    close();
    await client.cancelQueries({ queryKey: queries.run(run.id).queryKey }); // what is still asked would not be found
    try {
      await api.deleteRun(run.id, reason);
    } catch (error) {
      toast({ text: `The run was not deleted: ${reasonOf(error)}`, isBad: true });
      return;
    }
    // away first: nothing asks for a run that is gone
    await navigate({ to: "/p/$project", params: { project: run.project } });
    client.removeQueries({ queryKey: queries.run(run.id).queryKey });
    await runChanged(run.id);
    toast({ text: `Deleted ${run.name}`, lastsMs: 10_000, action: { label: "Undo", run: () => void restore() } });
  };
  const restore = async () => {
    try {
      await api.restoreRun(run.id);
    } catch (error) {
      toast({ text: `The run did not come back: ${reasonOf(error)}`, isBad: true });
    }
    await runChanged(run.id);
  };
  return (
    <div className={styles["heading"]}>
      <StatusMark status={run.status} isStopping={run.is_stopping} />
      {run.is_archived && <span className="muted">archived</span>}
      <span className="muted">
        started <Ago ms={run.started_ms} />
      </span>
      <span className="muted">
        {run.status === "running" ? "for" : "took"} <Lasting from={run.started_ms} to={run.finished_ms ?? (run.status === "running" ? null : run.heartbeat_ms)} />
      </span>
      {run.status === "lost" && <span className={styles["warn"]}>last heard <Ago ms={run.heartbeat_ms} /></span>}
      <StopStory run={run} />
      {run.group !== null && <span className="muted">group {run.group}</span>}
      <BestMark run={run} />
      <span className={styles["actions"]}>
        <CompareWith run={run} />
        <StopRun run={run} />
        {run.artifact_count > 0 && <PromoteRun run={run} />}
        <Menu
          label="More for this run"
          look="icon"
          entries={[
            { kind: "do", label: "Copy run id", onSelect: () => void copyId(run) },
            { kind: "do", label: "Compare with others", onSelect: () => void navigate({ to: "/p/$project/compare", params: { project: run.project }, search: { runs: run.id } }) },
            { kind: "line" },
            { kind: "do", label: "Continue this run…", onSelect: () => { setAsked("continue"); } },
            { kind: "do", label: "Fork…", onSelect: () => { setAsked("fork"); } },
            { kind: "do", label: "Export", onSelect: () => { window.location.assign(exportAddress(run.id)); } },
            ...(mayManage ? [{ kind: "do", label: "Read-only link…", onSelect: () => { openLinks({ project: run.project, run: { id: run.id, name: run.name } }); } } as const] : []),
            { kind: "line" },
            { kind: "do", label: run.is_archived ? "Unarchive run" : "Archive run", reason, onSelect: () => void archiveRun(run, !run.is_archived) },
            { kind: "do", label: "Delete run…", isDangerous: true, reason, onSelect: () => { setAsked("delete"); } },
          ]}
        >
          <Icon name="more" />
        </Menu>
      </span>
      <Suspense>
        {asked === "delete" && <DeleteRunDialog run={run} onClose={close} onDelete={(reason) => void remove(reason)} />}
        {(asked === "continue" || asked === "fork") && <GoOnDialog run={run} kind={asked} onClose={close} />}
      </Suspense>
    </div>
  );
}

async function copyId({ id }: RunDetail): Promise<void> {
  try {
    await copyText(id);
    toast({ text: `Copied ${id}` });
  } catch {
    toast({ text: id, lastsMs: 20_000 });
  }
}

async function archiveRun(run: RunDetail, isArchived: boolean): Promise<void> {
  try {
    client.setQueryData(queries.run(run.id).queryKey, await api.changeRun(run.id, { is_archived: isArchived }));
    toast({
      about: `archive ${run.id}`,
      text: isArchived ? `Archived ${run.name}` : `Took ${run.name} out of the archive`,
      lastsMs: 10_000,
      action: { label: "Undo", run: () => void archiveRun(run, !isArchived) },
    });
  } catch (error) {
    toast({ text: `The run was not changed: ${reasonOf(error)}`, isBad: true });
  }
  await runChanged(run.id);
}

function TabLink({ run, tab, isCurrent, count }: { run: RunDetail; tab: Tab; isCurrent: boolean; count: number | undefined }): ReactNode {
  const label = tab.charAt(0).toUpperCase() + tab.slice(1);
  const params = { project: run.project, run: run.id };
  const inside = (
    <>
      {label}
      {count !== undefined && count > 0 && <span className={styles["count"]}>{formatCount(count)}</span>}
    </>
  );
  const shared = { className: styles["tab"], "aria-current": isCurrent ? ("page" as const) : undefined, activeOptions: { exact: true } };
  if (tab === "overview") return <Link {...shared} to="/p/$project/runs/$run" params={params}>{inside}</Link>;
  return <Link {...shared} to="/p/$project/runs/$run/$tab" params={{ ...params, tab }}>{inside}</Link>;
}
