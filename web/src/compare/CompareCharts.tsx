/** The charts of the compared runs over each other, as they are, aligned, or as differences from the baseline. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Suspense, lazy, useEffect, useMemo, useState } from "react";
import type { Search } from "../address";
import { type RunRow, api } from "../api";
import { ChartGrid } from "../charts/ChartGrid";
import { type RunStyle, dashes } from "../charts/figure";
import type { ChartSettings } from "../charts/settings";
import { formatCount, plural } from "../format";
import { Icon } from "../parts/Icon";
import { Empty } from "../parts/Note";
import { useChartSettings } from "../run/useChartSettings";
import { useLastArrangement } from "../views/useLastArrangement";
import { useSeriesStore } from "../workspace/useSeriesStore";
import { type Alignment, alignmentText, offsetsOf, ownRange } from "./alignment";
import { ComparedSource } from "./comparedSource";
import styles from "./ComparePage.module.css";
import type { PartProps } from "./tabs";
import { useCompareView } from "./useCompareView";
import { useMetricNames } from "./useMetricNames";
import { readCompare, writeCompare } from "./view";

const AlignDialog = lazy(() => import("./AlignDialog").then((module) => ({ default: module.AlignDialog })));

export function CompareCharts({ comparison, baseline, onStore }: PartProps) {
  const { view, change } = useCompareView();
  const { settings: asked, onSettings } = useChartSettings();
  const navigate = useNavigate();
  const [isAligning, setIsAligning] = useState(false);
  const { runs } = comparison;
  const names = useMetricNames(comparison, asked.search);
  const { alignment, isDifference } = view;
  // what is aligned stands at no time of day
  const settings = useMemo<ChartSettings>(() => (alignment !== null && asked.x === "time" ? { ...asked, x: "relative_time" } : asked), [asked, alignment]);
  const { offsets, isPending } = useOffsets(runs, alignment, settings.x);
  const drawnAs = JSON.stringify(stylesOf(runs));
  // a value that has changed draws nothing anew
  const runStyles = useMemo(() => JSON.parse(drawnAs) as RunStyle[], [drawnAs]);
  const fetched = useMemo<ChartSettings>(() => (offsets === null ? settings : { ...settings, range: ownRange(settings.range, offsets) }), [settings, offsets]);
  const store = useSeriesStore(fetched, runStyles);
  const source = useMemo(() => new ComparedSource(store, { offsets, baseline: isDifference ? baseline : null }), [store, offsets, isDifference, baseline]);
  useEffect(() => {
    onStore(store);
    return () => { onStore(null); };
  }, [onStore, store]);
  const [arrangement, onArrange] = useLastArrangement(runs[0]?.project ?? "");
  const align = (next: Alignment | null) => {
    setIsAligning(false);
    // a range of the old x means nothing on the new one
    void navigate({ to: ".", search: (now: Search) => ({ ...now, ...writeCompare({ ...readCompare(now), alignment: next }), zoom: undefined }), resetScroll: false });
  };
  const base = runs.find(({ id }) => id === baseline);
  const left = offsets === null || isPending ? [] : runs.filter(({ id }) => !offsets.has(id));
  const notes = [
    isDifference && base !== undefined ? `Each line is its distance from ${base.name}; where ${base.name} has no point, the straight line between its neighbours counts.` : null,
    alignment === null ? null : `x counts from ${alignmentText(alignment)} of each run.`,
    alignment !== null && left.length > 0 ? `${plural(left.length, "run")} never ${left.length === 1 ? "gets" : "get"} there and ${left.length === 1 ? "is" : "are"} left out: ${left.map(({ name }) => name).join(", ")}.` : null,
    comparison.metric_count > names.length ? `${formatCount(comparison.metric_count)} metrics were logged: here are the first ones by name, and those that a word in “Find charts” brings.` : null,
  ].filter((note) => note !== null);
  return (
    <>
      <ChartGrid
        project={base?.project ?? ""}
        {...{ settings, onSettings, arrangement, onArrange }}
        store={source}
        runs={runStyles}
        metrics={names}
        note={notes.length === 0 ? null : notes.join(" ")}
        tools={
          <>
            <button type="button" aria-pressed={isDifference} disabled={runs.length < 2} onClick={() => { change((now) => ({ ...now, isDifference: !now.isDifference })); }}>
              Difference to baseline
            </button>
            <button type="button" aria-pressed={alignment !== null} className={styles["align"]} onClick={() => { setIsAligning(true); }}>
              {alignment === null ? "Align…" : `Aligned at ${alignmentText(alignment)}`}
            </button>
            {alignment !== null && (
              <button type="button" data-look="icon" aria-label="Do not align" title="Do not align" onClick={() => { align(null); }}><Icon name="close" size={14} /></button>
            )}
          </>
        }
        empty={<Empty title="No metrics"><p>These runs have not logged anything yet.</p></Empty>}
      />
      {isAligning && (
        <Suspense>
          <AlignDialog metrics={names} alignment={alignment} onAlign={align} onClose={() => { setIsAligning(false); }} />
        </Suspense>
      )}
    </>
  );
}

function stylesOf(runs: readonly RunRow[]): RunStyle[] {
  const dash = dashes(runs.map(({ hue }) => hue));
  return runs.map(({ id, name, hue, status }, index) => ({ id, name, hue, dash: dash[index] ?? 0, isRunning: status === "running" }));
}

const NOWHERE: ReadonlyMap<string, number> = new Map();

/** Enough points for a moment to be found within a thousandth of a run; extremes are among them however many there are. */
const POINTS = 2000;
/** A run that is running may still do better. */
const PERIOD_MS = 10_000;

/** Where each run is put to 0; null where nothing is aligned, and no run has a place until these are known. */
function useOffsets(runs: readonly RunRow[], alignment: Alignment | null, x: ChartSettings["x"]): { offsets: ReadonlyMap<string, number> | null; isPending: boolean } {
  const ids = runs.map(({ id }) => id);
  const { data, isPending } = useQuery({
    queryKey: ["moments", ids, alignment?.metric, x],
    queryFn: ({ signal }) => api.series({ runs: ids, metrics: [alignment?.metric ?? ""], x, points: POINTS }, { signal }),
    enabled: alignment !== null,
    refetchInterval: runs.some(({ status }) => status === "running") ? PERIOD_MS : false,
    // numbers in typed arrays have no structure to share
    structuralSharing: false,
  });
  const offsets = useMemo(() => (alignment === null ? null : data === undefined ? NOWHERE : offsetsOf(data.series, alignment)), [alignment, data]);
  return { offsets, isPending };
}
