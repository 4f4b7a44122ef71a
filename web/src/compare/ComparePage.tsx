/** Some runs beside each other: what differs first, their charts and the rest after. All of it stands in the address. */

import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { Suspense, lazy, useMemo, useState } from "react";
import type { Comparison } from "../api";
import { plural } from "../format";
import { Page } from "../frame/Page";
import { toast } from "../frame/Toasts";
import { copyText } from "../parts/clipboard";
import { Icon } from "../parts/Icon";
import { Empty, Failure, Outline } from "../parts/Note";
import { client, queries } from "../queries";
import { ShareMenu } from "../share/ShareMenu";
import styles from "./ComparePage.module.css";
import { useLive } from "../workspace/live";
import { BaselineField } from "./BaselineField";
import { OneRun } from "./OneRun";
import { isOther, withChanges } from "./changes";
import { type LiveStore, PARTS, type Part, partNamed } from "./tabs";
import { useCompareView } from "./useCompareView";
import { type CompareView, MOST_RUNS, withRun } from "./view";

const AddRun = lazy(() => import("./AddRun").then((module) => ({ default: module.AddRun })));

/** Rows that begin to differ come so often while a run goes on; the values of those that are here come at once. */
const ROWS_MS = 30_000;
/** Of so many metrics the values are followed; of others they come with the rows. */
const MOST_FOLLOWED = 200;

export function ComparePage() {
  const { project } = useParams({ from: "/p/$project/compare" });
  const search = useSearch({ strict: false });
  const { view, change } = useCompareView();
  const [isAdding, setIsAdding] = useState(false);
  const query = useQuery({
    // of one run nothing differs, and all is worth seeing
    ...queries.compare({ runs: view.runs, only: view.isAll || view.runs.length < 2 ? "all" : "differing", statistic: view.statistic }),
    refetchInterval: ({ state: { data } }) => (data !== undefined && goingOn(data) > 0 ? ROWS_MS : false),
  });
  const part = partNamed(search["tab"]);
  const title = `Compare ${plural(view.runs.length, "run")}`;
  const crumbs = [
    { label: "Projects", to: "/" },
    { label: project, to: `/p/${encodeURIComponent(project)}` },
  ];
  const comparison = query.data;
  const [store, setStore] = useState<LiveStore | null>(null);
  useLiveComparison(comparison, view, store);
  const baseline = comparison === undefined ? "" : baselineOf(comparison, view.baseline);
  return (
    <Page title={`${title} · ${project}`} crumbs={crumbs} here={title} isWide={view.runs.length > 0}>
      {view.runs.length === 0 && (
        <Empty title="Nothing to compare">
          <p>
            Select runs in <Link to="/p/$project" params={{ project }}>the list of {project}</Link> and press Compare.
          </p>
        </Empty>
      )}
      {query.error !== null && comparison === undefined && <Failure what="The runs could not be compared." error={query.error} onRetry={() => void query.refetch()} />}
      {query.isLoading && <Outline lines={8} />}
      {comparison !== undefined && view.runs.length > 0 && (
        <>
          <Tools comparison={comparison} project={project} part={part} baseline={baseline} onAdd={() => { setIsAdding(true); }} />
          {comparison.runs.length + comparison.absent.length === 1 && comparison.runs[0] !== undefined && <OneRun run={comparison.runs[0]} onAdd={() => { setIsAdding(true); }} />}
          {comparison.runs.length === 0 && part !== PARTS[0] ? (
            <Empty title="None of these runs is there" />
          ) : (
            <Suspense fallback={<Outline lines={8} />}>
              <part.Content comparison={comparison} project={project} baseline={baseline} onStore={setStore} />
            </Suspense>
          )}
        </>
      )}
      {isAdding && (
        <Suspense>
          <AddRun project={project} chosen={view.runs} most={MOST_RUNS} onAdd={(id) => { change((now) => withRun(now, id)); }} onClose={() => { setIsAdding(false); }} />
        </Suspense>
      )}
    </Page>
  );
}

/** The charts are those of the part that is open; the rows and values are all parts'. */
function useLiveComparison(comparison: Comparison | undefined, view: CompareView, store: LiveStore | null): void {
  const { find, runs } = view;
  const columns = useMemo(() => {
    const names = (comparison?.metrics ?? []).map(({ name }) => name).filter((name) => name.toLowerCase().includes(find.trim().toLowerCase()));
    return names.slice(0, MOST_FOLLOWED).map((name) => `metrics.${name}`);
  }, [comparison?.metrics, find]);
  useLive({ project: null, columns, liveRuns: () => runs, runningCount: comparison === undefined ? 0 : goingOn(comparison), store: store ?? NO_STORE }, (answer) => {
    if (comparison === undefined) return;
    const isStale = isOther(comparison, answer);
    client.setQueriesData<Comparison>({ queryKey: ["compare"] }, (known) => known && withChanges(known, answer.changed));
    if (isStale) void client.invalidateQueries({ queryKey: ["compare"] });
  });
}

const goingOn = ({ runs }: Comparison) => runs.filter(({ status }) => status === "running").length;

/** For the parts that draw no series. */
const NO_STORE: LiveStore = {
  watching: () => ({ runs: [], metrics: [], counts: {}, framing: { x: "step", range: null, points: 200, smoothing: null, band: false } }),
  merge: () => undefined,
};

const baselineOf = ({ runs }: Comparison, wanted: string | null): string => (runs.find(({ id }) => id === wanted) ?? runs[0])?.id ?? "";

type ToolsProps = { comparison: Comparison; project: string; part: Part; baseline: string; onAdd: () => void };

function Tools({ comparison, project, part, baseline, onAdd }: ToolsProps) {
  const search = useSearch({ strict: false });
  const share = async () => {
    await copyText(window.location.href);
    toast({ text: "The address of this comparison is copied.", about: "copy" });
  };
  return (
    <div className={styles["tools"]}>
      <nav className={styles["tabs"]} aria-label="Parts of the comparison">
        {PARTS.map((one) => (
          <Link key={one.name} to="/p/$project/compare" params={{ project }} search={{ ...search, tab: one === PARTS[0] ? undefined : one.name }} activeOptions={{ exact: true, includeSearch: true }} className={styles["tab"]} aria-current={one === part ? "page" : undefined}>
            {one.label}
          </Link>
        ))}
      </nav>
      <div className={styles["actions"]}>
        <BaselineField comparison={comparison} project={project} baseline={baseline} />
        <button type="button" onClick={onAdd}><Icon name="plus" size={14} /> Add run</button>
        <button type="button" title="Copy the address of this comparison, as it is shown" onClick={() => void share()}><Icon name="copy" size={14} /> Copy link</button>
        <ShareMenu {...{ project, comparison, baseline, search }} />
      </div>
    </div>
  );
}
