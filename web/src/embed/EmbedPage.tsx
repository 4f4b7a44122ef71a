/** Charts of some runs without anything around them, for a frame in another page. They follow runs that are live. */

import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import type { ChartSettings } from "../charts/settings";
import { type RunStyle, dashes } from "../charts/figure";
import { Tooltip } from "../charts/Tooltip";
import type { Comparison } from "../api";
import { plural } from "../format";
import { liveState } from "../frame/liveState";
import { Empty, Failure, Outline } from "../parts/Note";
import { Swatch } from "../parts/Run";
import { queries } from "../queries";
import { pageAddress, readEmbedded } from "../share/embedLink";
import { useLive } from "../workspace/live";
import { useSeriesStore } from "../workspace/useSeriesStore";
import { EmbeddedChart } from "./EmbeddedChart";
import styles from "./Embed.module.css";

/** So many charts are shown where the address names none. */
const CHARTS_AT_FIRST = 6;

export function EmbedPage() {
  const [embedded] = useState(() => readEmbedded(location.pathname, location.search));
  const query = useQuery(queries.compare({ runs: embedded.runs, only: "differing" }));
  const isThere = query.data !== undefined;
  useEffect(() => {
    // a page around this one shows a picture until then; it learns nothing but that there are charts
    if (isThere && window.parent !== window) window.parent.postMessage("tracker:shown", "*");
  }, [isThere]);
  const names = query.data?.runs.map(({ name }) => name).join(", ");
  return (
    <main className={styles["page"]}>
      <title>{names === undefined ? "Charts · Tracker" : `${names} · Tracker`}</title>
      <h1 className="visually-hidden">Charts of {embedded.project}</h1>
      {embedded.runs.length === 0 && <Empty title="No run is named"><p>The address of embedded charts names its runs: <code>?runs=…</code></p></Empty>}
      {query.error !== null && <Failure what="The charts could not be fetched." error={query.error} onRetry={() => void query.refetch()} />}
      {query.isLoading && <Outline lines={4} />}
      {query.data !== undefined && <Charts comparison={query.data} metrics={embedded.metrics} first={embedded.settings} page={pageAddress(embedded)} />}
    </main>
  );
}

function Charts({ comparison, metrics, first, page }: { comparison: Comparison; metrics: string[]; first: ChartSettings; page: string }) {
  const { runs } = comparison;
  const [settings, setSettings] = useState(first);
  const styleOf = useMemo<RunStyle[]>(() => {
    const dash = dashes(runs.map(({ hue }) => hue));
    return runs.map(({ id, name, hue, status }, index) => ({ id, name, hue, dash: dash[index] ?? 0, isRunning: status === "running" }));
  }, [runs]);
  const shown = metrics.length > 0 ? metrics : firstOf(comparison);
  const store = useSeriesStore(settings, styleOf);
  const running = runs.filter(({ status }) => status === "running" || status === "lost").map(({ id }) => id);
  useLive({ project: runs[0]?.project ?? "", columns: NO_COLUMNS, liveRuns: () => running, runningCount: running.length, store }, ignore);
  return (
    <>
      <div className={styles["charts"]} data-many={shown.length > 1}>
        {shown.map((metric) => (
          <EmbeddedChart key={metric} {...{ store, metric, runs: styleOf, settings }} onZoom={(range) => { setSettings((now) => ({ ...now, range })); }} />
        ))}
      </div>
      {comparison.absent.length > 0 && <p className="muted">{plural(comparison.absent.length, "run is", "runs are")} no longer there.</p>}
      {shown.length === 0 && <Empty title="No metrics"><p>These runs have not logged anything yet.</p></Empty>}
      <footer className={styles["foot"]}>
        <ul aria-label="Runs">
          {styleOf.map(({ id, name, hue, dash }) => (
            <li key={id}>
              <Swatch hue={hue} dash={dash} /> <bdi>{name}</bdi>
            </li>
          ))}
        </ul>
        <Connection />
        <a href={page} target="_blank" rel="noopener noreferrer">Open in Tracker</a>
      </footer>
      <Tooltip />
    </>
  );
}

function Connection() {
  const live = liveState.use();
  if (live.kind === "lost") return <button type="button" data-look="link" onClick={live.retry}>Connection lost · Retry now</button>;
  return live.kind === "live" && live.running > 0 ? <span className={styles["live"]}>● live</span> : null;
}

const firstOf = ({ metric_names: names }: Comparison) =>
  names.filter((name) => !name.startsWith("system/")).slice(0, CHARTS_AT_FIRST);

const NO_COLUMNS: string[] = [];
const ignore = () => undefined;
