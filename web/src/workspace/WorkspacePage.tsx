/** The page that people live in: the runs of a project beside their charts, live. */

import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Suspense, lazy, useCallback, useMemo, useRef, useState } from "react";
import { isNotFound } from "../api";
import { ChartGrid } from "../charts/ChartGrid";
import type { RunStyle } from "../charts/figure";
import { formatCount, plural } from "../format";
import { NotFoundProject } from "./NotFoundProject";
import { Page } from "../frame/Page";
import { useKeys } from "../frame/keys";
import { client, queries } from "../queries";
import { listWidth } from "../settings";
import { Empty, Failure, Outline } from "../parts/Note";
import { FirstRun } from "../projects/FirstRun";
import { HeldWorkspace } from "../views/HeldWorkspace";
import { ActionBar } from "./ActionBar";
import { Modes } from "./Modes";
import { RunFilters } from "./RunFilters";
import { RunTable } from "./RunTable";
import { Splitter } from "./Splitter";
import styles from "./WorkspacePage.module.css";
import { askedColumns, columnKeys } from "./columns";
import type { Grouped } from "./InGroups";
import { isGrouped } from "./grouping";
import { labelCandidates } from "./labels";
import { useLive } from "./live";
import { goalsOf } from "./ranges";
import { type Criteria, countNewer, highestNumber, refetchRuns, returned, takeNews, useRunList } from "./runs";
import { useSeriesStore } from "./useSeriesStore";
import { NEWEST_FIRST, SHOWN_AT_FIRST, type View, isDefaultSort, toggled } from "./view";
import { type Change, useView } from "./useView";
import { useVisibleRuns } from "./visible";

const GroupTable = lazy(() => import("./GroupTable").then((module) => ({ default: module.GroupTable })));
const InGroups = lazy(() => import("./InGroups").then((module) => ({ default: module.InGroups })));
const GroupTools = lazy(() => import("./GroupTools").then((module) => ({ default: module.GroupTools })));
const RunCard = lazy(() => import("./RunCard").then((module) => ({ default: module.RunCard })));
const ViewBar = lazy(() => import("../views/ViewBar").then((module) => ({ default: module.ViewBar })));
const TrashDialog = lazy(() => import("../corrections/TrashDialog").then((module) => ({ default: module.TrashDialog })));

const WorkspacePanel = lazy(() => import("../panels/WorkspacePanels").then((module) => ({ default: module.WorkspacePanel })));
const WorkspacePanels = lazy(() => import("../panels/WorkspacePanels").then((module) => ({ default: module.WorkspacePanels })));

export function WorkspacePage() {
  const { project } = useParams({ from: "/p/$project" });
  const facts = useQuery(queries.project(project));
  if (isNotFound(facts.error)) return <NotFoundProject project={project} />;
  return (
    <HeldWorkspace key={project} project={project}>
      <Workspace project={project} hasRuns={facts.data !== undefined && facts.data.run_count + facts.data.archived_count > 0} />
    </HeldWorkspace>
  );
}

const NO_RUNS: readonly RunStyle[] = [];
/** The first charts are fetched before; an answer about all runs would only be in the way. */
const FIRST_ROUND_MS = 800;
/** New names of metrics may take so long to appear, but the very first one. */
const KEYS_PERIOD_MS = 10_000;
/** A list over which the pointer has not moved for so long is not in use: new runs may push its rows down. */
const REST_MS = 3000;

function Workspace({ project, hasRuns }: { project: string; hasRuns: boolean }) {
  const { view, change, parameters, base, open } = useView(project);
  const isTable = view.mode === "table";
  const keys = useQuery(queries.keys(project));
  const metrics = useMemo(() => keys.data?.metrics.map(({ name }) => name) ?? [], [keys.data]);
  const columns = useMemo(() => columnKeys(view.columns, keys.data, isTable), [view.columns, keys.data, isTable]);
  const candidates = useMemo(() => labelCandidates(view.labels, keys.data), [view.labels, keys.data]);
  const asked = useMemo(() => askedColumns([...columns, ...candidates]), [columns, candidates]);
  const criteria = useMemo<Criteria>(() => ({ text: view.text, filter: view.filter, status: view.status, archived: view.archived, sort: view.sort, columns: asked }), [view.text, view.filter, view.status, view.archived, view.sort, asked]);
  const runs = useRunList(project, criteria, view.columns !== null || !keys.isPending);
  const visible = useVisibleRuns(project, view, runs.shown ?? criteria, candidates, runs.rows);
  const isInGroups = isGrouped(view.grouping);
  const [told, setTold] = useState<Grouped | null>(null);
  const groups = isInGroups ? told : null;
  const runStyles = isInGroups ? (groups?.members ?? NO_RUNS) : visible.styles;
  const store = useSeriesStore(view.charts, runStyles);
  const behind = groups?.behind;
  const source = useMemo(() => behind?.(store) ?? store, [behind, store]);
  const drawn = useMemo(() => (groups === null ? runStyles : [...groups.shown, ...runStyles]), [groups, runStyles]);
  const liveRuns = () => (isInGroups ? runStyles.map(({ id }) => id) : visible.liveIds());
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [card, setCard] = useState<string | null>(null);
  const [newCount, setNewCount] = useState(0);
  const [isTrashOpen, setIsTrashOpen] = useState(false);
  const isAtTop = useRef(true);
  const usedMs = useRef(0);
  const highest = useRef(0);
  const removed = useRef(new Set<string>());
  const isFiltered = view.text !== "" || view.filter !== "" || view.status.length > 0 || view.archived !== "without";
  const runningCount = runs.rows.filter(({ status }) => status === "running").length;

  useLive(
    { isReady: !runs.isPending, waitMs: FIRST_ROUND_MS, project, columns: asked, liveRuns, runningCount, store },
    (news) => {
      const { changed } = news;
      if (changed.length > 0 || news.removed.length > 0) groups?.onNews(changed, news.removed);
      const unlisted = takeNews(project, changed, news.removed);
      const isBack = returned(removed.current, news);
      visible.noteChanged(changed.map(({ id }) => id));
      const isStale = Date.now() - keys.dataUpdatedAt > (metrics.length === 0 ? 0 : KEYS_PERIOD_MS);
      if (changed.length > 0 && isStale) void client.invalidateQueries({ queryKey: queries.keys(project).queryKey });
      if ((unlisted.length === 0 && newCount === 0) || runs.isPending) return;
      // most that are not listed stand on a page that was not fetched; with a filter they may also match it only now
      const seen = Math.max(highest.current, highestNumber(runs.rows));
      const newer = countNewer(unlisted, seen);
      highest.current = Math.max(seen, highestNumber(unlisted));
      const isResting = isAtTop.current && Date.now() - usedMs.current > REST_MS;
      if (isBack || (isResting && (newer + newCount > 0 || isFiltered))) {
        setNewCount(0);
        void refetchRuns(project);
      } else if (newer > 0) setNewCount((count) => count + newer);
    },
  );

  const onCharts = useCallback((charts: Partial<View["charts"]>) => { change((now) => ({ ...now, charts: { ...now.charts, ...charts } })); }, [change]);
  const onArrange = useCallback((to: Partial<View["arrangement"]>) => { change((now) => ({ ...now, arrangement: { ...now.arrangement, ...to } })); }, [change]);
  const onToggle = useCallback((id: string, isVisible: boolean) => { change((now) => ({ ...now, shown: toggled(now.shown, id, isVisible) })); }, [change]);
  const onShown = useCallback((shown: View["shown"]) => { change((now) => ({ ...now, shown })); }, [change]);
  const width = listWidth.use();
  useKeys([{ key: "t", label: "Table or charts", run: () => { change((now) => ({ ...now, mode: isTable ? "runs" : "table" })); } }]);

  const isEmptyProject = !runs.isPending && runs.total === 0 && !hasRuns && runs.error === null;
  return (
    <Page title={project} crumbs={[{ label: "Projects", to: "/" }]} here={<bdi>{project}</bdi>} isWide>
      {(!isEmptyProject || isFiltered) && (
        <div className={styles["views"]}>
          <Suspense fallback={<span />}>
            <ViewBar {...{ project, parameters, base }} onOpen={open} />
          </Suspense>
          <span className={styles["ways"]}>
            <Link to="/p/$project/artifacts" params={{ project }}>Artifacts</Link>
            <Link to="/p/$project/leaderboards" params={{ project }}>Leaderboards</Link>
            <Modes mode={view.mode} change={change} />
          </span>
        </div>
      )}
      {isEmptyProject && !isFiltered ? (
        <>
          <FirstRun project={project} />
          <FullTrash project={project} onOpen={() => { setIsTrashOpen(true); }} />
        </>
      ) : (
        <div className={styles["panes"]} data-mode={view.mode} style={{ "--list-width": `${String(width)}px` }}>
          <section className={styles["list"]} aria-label="Runs" onPointerMove={() => { usedMs.current = Date.now(); }}>
            <RunFilters {...{ view, change, runs, keys: keys.data, columns, labels: visible.labels, project, criteria: runs.shown ?? criteria }} />
            {runs.error !== null && <Failure what="The runs could not be fetched." error={runs.error} onRetry={runs.refetch} />}
            {isInGroups && (
              <Suspense>
                <InGroups {...{ project, view, columns }} criteria={runs.shown ?? criteria} isReady={view.columns !== null || !keys.isPending} onGrouped={setTold} />
              </Suspense>
            )}
            {groups !== null && groups.list.error !== null && <Failure what="The groups could not be fetched." error={groups.list.error} onRetry={groups.list.refetch} />}
            {runs.rows.length === 0 && !runs.isPending && runs.error === null ? (
              <NothingListed total={runs.total} isRefused={runs.refused !== null} view={view} change={change} />
            ) : isInGroups ? (
              groups !== null && (
                <Suspense>
                  <GroupTable {...{ project, view, change }} {...groups} criteria={runs.shown ?? criteria} />
                </Suspense>
              )
            ) : (
              <RunTable
                key={`${isTable ? "table" : "list"} ${isDefaultSort(view.sort) ? NEWEST_FIRST.key : ""}`}
                {...{ project, runs, columns, view, change, selected, visible, onToggle, onShown }}
                keys={keys.data}
                isLabelled={candidates.length > 0}
                onCard={setCard}
                onSelect={setSelected}
                newCount={newCount}
                onScrollTop={(isTop) => { isAtTop.current = isTop; }}
                onShowNew={() => {
                  setNewCount(0);
                  void refetchRuns(project);
                }}
              />
            )}
            {card !== null && (
              <Suspense>
                <RunCard key={card} {...{ id: card, isTable, width }} onClose={() => { setCard(null); }} />
              </Suspense>
            )}
            <ActionBar {...{ project, selected, columns }} rows={runs.rows} matched={runs.matched} criteria={runs.shown ?? criteria} goals={goalsOf(keys.data)} onDone={() => { setSelected(new Set()); }} />
          </section>
          {(view.mode === "scatter" || view.mode === "parallel") && (
            <>
              <Splitter />
              <Suspense fallback={<Outline lines={8} />}>
                <WorkspacePanel {...{ project, view, change }} mode={view.mode} keys={keys.data} onSelect={setSelected} />
              </Suspense>
            </>
          )}
          {view.mode === "runs" && (
            <>
              <Splitter />
              <ChartGrid
                {...{ project, metrics, settings: view.charts, onSettings: onCharts, arrangement: view.arrangement, onArrange }}
                store={source}
                runs={drawn}
                corrected={null}
                tools={isInGroups && <Suspense><GroupTools grouping={view.grouping} onChange={(update) => { change((now) => ({ ...now, grouping: update(now.grouping) })); }} /></Suspense>}
                adding={{ panels: view.panels, change }}
                panels={
                  view.panels.panels !== "" && (
                    <Suspense fallback={<Outline lines={6} />}>
                      <WorkspacePanels {...{ project, view, change }} keys={keys.data} onSelect={setSelected} />
                    </Suspense>
                  )
                }
                empty={
                  runs.isPending || keys.isPending ? null : isFiltered && runs.matched === 0 && drawn.length === 0 ? (
                    <Empty title="No run matches the filter" />
                  ) : isInGroups && drawn.length === 0 ? (
                    groups === null || groups.list.isPending ? null : <Empty title="No group is shown"><p>Choose groups with the eye in the list.</p></Empty>
                  ) : drawn.length === 0 ? (
                    <Empty title="No run is shown">
                      <p>Choose runs with the eye in the list.</p>
                      <button type="button" onClick={() => { onShown(SHOWN_AT_FIRST); }}>Show the newest 10</button>
                    </Empty>
                  ) : (
                    <Empty title="Waiting for the first point">
                      <p>Charts appear with the first <code>tracker.log(…)</code>.</p>
                    </Empty>
                  )
                }
              />
            </>
          )}
        </div>
      )}
      {isTrashOpen && (
        <Suspense>
          <TrashDialog project={project} onClose={() => { setIsTrashOpen(false); }} />
        </Suspense>
      )}
    </Page>
  );
}

function NothingListed({ total, isRefused, view, change }: { total: number; isRefused: boolean; view: View; change: Change }) {
  if (total === 0 && !isRefused && view.archived === "without") {
    return (
      <Empty title="All runs are archived">
        <button type="button" onClick={() => { change((now) => ({ ...now, archived: "with" })); }}>Show them</button>
      </Empty>
    );
  }
  return (
    <Empty title={isRefused ? "The filter cannot be read" : total === 0 ? "No run is archived" : `0 of ${formatCount(total)} runs match`}>
      <button type="button" onClick={() => { change((now) => ({ ...now, text: "", filter: "", status: [], archived: "without" })); }}>Remove the filter</button>
    </Empty>
  );
}

/** The way back where the last run of a project was deleted. Its page changes with the first one that comes back. */
function FullTrash({ project, onOpen }: { project: string; onOpen: () => void }) {
  const count = useQuery(queries.trash(project)).data?.run_count ?? 0;
  if (count === 0) return null;
  return (
    <p>
      {plural(count, "run was", "runs were")} deleted here. <button type="button" data-look="link" onClick={onOpen}>Open the trash</button>
    </p>
  );
}
