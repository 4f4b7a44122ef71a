/** The charts of some runs: pinned ones first, then a section for each prefix. Folded sections fetch nothing. */

import { Suspense, lazy, useMemo, useRef, useState } from "react";
import type { MetricAction } from "../corrections/words";
import { useCommands } from "../frame/commands";
import { toast } from "../frame/Toasts";
import { useKeys } from "../frame/keys";
import { plural } from "../format";
import type { Goal } from "../goals";
import type { Adding } from "../panels/adding";
import { Boundary } from "../parts/Boundary";
import { tileWidth } from "../settings";
import { useHandler } from "../parts/useHandler";
import { useGoals } from "../useGoals";
import { useRights } from "../rights";
import type { ChartSettings } from "./settings";
import styles from "./ChartGrid.module.css";
import { ChartToolbar } from "./ChartToolbar";
import { Sections, VirtualSections } from "./Sections";
import { Tile } from "./Tile";
import { type Arrange, type Arrangement, MOST_ADDED, foldedTo, isFolded, movedTo, nameOf, ordered, renamed, withMade, withoutMade } from "./arrangement";
import { cursor } from "./cursor";
import type { RunStyle } from "./figure";
import { type Draft, chartTitle, joined } from "./made";
import { type Section, foldedAtFirst, matchMetrics, searchFor, sectionsOf } from "./sections";
import { stepped } from "./smoothing";
import type { SeriesSource } from "./store";

// nobody hovers before there is a chart
const Tooltip = lazy(() => import("./Tooltip").then((module) => ({ default: module.Tooltip })));
const CorrectionDialog = lazy(() => import("../corrections/CorrectionDialog").then((module) => ({ default: module.CorrectionDialog })));
const AddChart = lazy(() => import("./AddChart").then((module) => ({ default: module.AddChart })));
const ChartEditor = lazy(() => import("./ChartEditor").then((module) => ({ default: module.ChartEditor })));
const Enlarged = lazy(() => import("./Enlarged").then((module) => ({ default: module.Enlarged })));

type Props = {
  project: string;
  store: SeriesSource;
  runs: readonly RunStyle[];
  metrics: readonly string[];
  settings: ChartSettings;
  onSettings: (change: Partial<ChartSettings>) => void;
  arrangement: Arrangement;
  onArrange: Arrange;
  /** Which sections start folded; those of the system by default. */
  foldedFirst?: (sections: readonly Section[]) => Set<string>;
  /** What metrics are renamed, hidden and deleted of: this run, or (null) the project. Without it they are not. */
  corrected?: { id: string; name: string } | null;
  empty: React.ReactNode;
  /** What is to be said of the metrics that are here, above the charts. */
  note?: string | null;
  /** What stands above the charts. */
  panels?: React.ReactNode;
  /** More settings for the toolbar, of what is drawn here. */
  tools?: React.ReactNode;
  /** Where panels of all runs are added; null where there are none. */
  adding?: Adding | null;
};

/** With more metrics than this, sections that are off the screen are not in the document. */
const MANY_METRICS = 1000;

export function ChartGrid({ project, store, runs, metrics, settings, onSettings, arrangement, onArrange, foldedFirst = foldedAtFirst, corrected, empty, note = null, panels = null, tools = null, adding = null }: Props) {
  const { pinned, names, added } = arrangement;
  const width = tileWidth.use();
  const search = useRef<HTMLInputElement>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const [enlarged, setEnlarged] = useState<string | null>(null);
  const [correction, setCorrection] = useState<{ metric: string; action: MetricAction } | null>(null);
  const [draft, setDraft] = useState<Draft | null>(null);
  const match = useMemo(() => matchMetrics(metrics, settings.search), [metrics, settings.search]);
  const isSearching = settings.search !== "";
  const { sections, folds, onMove, onRename } = useSections({ metrics, matched: match.metrics, isSearching, arrangement, onArrange, foldedFirst });
  const onPin = useHandler((metric: string) => { onArrange({ pinned: pinned.includes(metric) ? pinned.filter((one) => one !== metric) : [...pinned, metric] }); });
  const onChange = useHandler(onSettings);
  const onCorrect = useHandler((metric: string, action: MetricAction) => { setCorrection({ metric, action }); });
  const onRemove = useHandler((chart: string) => { onArrange(withoutMade(arrangement, chart)); });
  const onMade = useHandler((chart: string, replaces: string | null) => { onArrange(withMade(arrangement, chart, replaces)); });
  const onTogether = useHandler((dragged: string, onto: string) => {
    const chart = joined(onto, dragged);
    onMade(chart, added.includes(onto) ? onto : null);
    toast({ text: `${chartTitle(chart)}: one chart, among those that were added.` });
  });
  const goalOf = useGoals(project);
  const reason = useRights(project)("editor");
  const onGoal = useHandler((metric: string, goal: Goal | null) => { void import("../chooseGoal").then((module) => module.chooseGoal(project, metric, goal)); });
  const underPointer = () => {
    const source = cursor.get()?.source ?? document.activeElement;
    return source instanceof HTMLElement ? (source.closest<HTMLElement>("[data-metric]")?.dataset["metric"] ?? null) : null;
  };
  useKeys([
    { key: "/", label: "Find charts", run: () => search.current?.focus() },
    { key: "f", label: "Enlarge the chart under the pointer", run: () => { setEnlarged(underPointer() ?? sections[0]?.metrics[0] ?? null); } },
    { key: "p", label: "Pin the chart under the pointer", run: () => { const metric = underPointer(); if (metric !== null) onPin(metric); } },
    { key: "l", label: "Log scale", run: () => { onSettings({ isLog: !settings.isLog }); } },
    { key: "r", label: "Reset zoom", run: () => { onSettings({ range: null }); } },
    { key: "[", label: "Less smoothing", run: () => { onSettings({ smoothing: stepped(settings.smoothing, -1) }); } },
    { key: "]", label: "More smoothing", run: () => { onSettings({ smoothing: stepped(settings.smoothing, 1) }); } },
  ]);
  useCommands(() => metrics.map((metric) => ({ kind: "metric", label: metric, isTyped: true, run: () => { onSettings({ search: searchFor(metric) }); } })));
  const tileOf = (metric: string) => (
    <Boundary key={metric} what={`The chart of ${chartTitle(metric)} broke.`}>
      <Tile {...{ store, metric, metrics, runs, settings, onPin }} onSettings={onChange} onEnlarge={setEnlarged} goal={goalOf(metric)} {...{ reason, onGoal, onRemove, onTogether }} onMake={setDraft} onCorrect={corrected === undefined ? undefined : onCorrect} isPinned={pinned.includes(metric)} />
    </Boundary>
  );
  const shownAdded = useMemo(() => matchMetrics(added, settings.search).metrics, [added, settings.search]);
  const shownPins = pinned.filter((metric) => match.metrics.includes(metric) || shownAdded.includes(metric));
  const others = shownAdded.filter((chart) => !pinned.includes(chart));
  const sectionProps = { sections, nameOf: (prefix: string) => nameOf(prefix, names), ...folds, onMove, onRename, tileOf };
  return (
    <section className={styles["charts"]} aria-label="Charts" data-tiles={width}>
      <div className={styles["top"]}>
        <ChartToolbar {...{ settings, onChange: onSettings, matched: match.metrics.length, metrics, error: match.error, searchRef: search }} tools={<>{tools}<Suspense><AddChart isFull={added.length >= MOST_ADDED} onMake={setDraft} panels={adding} /></Suspense></>} />
      </div>
      <div ref={scroll} className={styles["scroll"]}>
        {panels}
        {metrics.length === 0 || runs.length === 0 ? empty : null}
        {note !== null && <p className={styles["told"]}>{note}</p>}
        {runs.length > 0 && shownPins.length > 0 && (
          <section className={styles["section"]} aria-label="Pinned">
            <h2 className={styles["pinned"]}>Pinned</h2>
            <div className={styles["grid"]}>{shownPins.map(tileOf)}</div>
          </section>
        )}
        {runs.length > 0 && others.length > 0 && (
          <section className={styles["section"]} aria-label="Added">
            <h2 className={styles["pinned"]}>Added</h2>
            <div className={styles["grid"]} data-all="true">{others.map(tileOf)}</div>
          </section>
        )}
        {runs.length > 0 && (metrics.length > MANY_METRICS ? <VirtualSections {...sectionProps} scrollRef={scroll} pinnedCount={shownPins.length} /> : <Sections {...sectionProps} />)}
        {metrics.length > 0 && match.metrics.length + shownAdded.length === 0 && (
          <p className={styles["none"]}>
            No chart matches. <button type="button" data-look="link" onClick={() => { onSettings({ search: "" }); }}>Show all {plural(metrics.length, "chart")}</button>
          </p>
        )}
      </div>
      <Suspense><Tooltip /></Suspense>
      {correction !== null && corrected !== undefined && (
        <Suspense>
          <CorrectionDialog target={{ project, run: corrected, ...correction }} onClose={() => { setCorrection(null); }} />
        </Suspense>
      )}
      {draft !== null && (
        <Suspense>
          <ChartEditor key={draft.chart} {...{ draft, metrics }} onSave={onMade} onClose={() => { setDraft(null); }} />
        </Suspense>
      )}
      {enlarged !== null && (
        <Suspense>
          <Enlarged {...{ store, runs, settings, onSettings, metrics }} metric={enlarged} charts={[...shownAdded, ...match.metrics]} onMetric={setEnlarged} onClose={() => { setEnlarged(null); }} />
        </Suspense>
      )}
    </section>
  );
}

type Arranging = { metrics: readonly string[]; matched: readonly string[]; isSearching: boolean; arrangement: Arrangement; onArrange: Arrange; foldedFirst: (sections: readonly Section[]) => Set<string> };

/** The sections in their order. A search opens every section that it finds something in, and leaves them where they are. */
function useSections({ metrics, matched, isSearching, arrangement, onArrange, foldedFirst }: Arranging) {
  const { order, names, folds } = arrangement;
  const byName = useMemo(() => sectionsOf(metrics), [metrics]);
  const all = useMemo(() => ordered(byName, order), [byName, order]);
  const sections = useMemo(() => (isSearching ? ordered(sectionsOf(matched), order) : all), [isSearching, matched, order, all]);
  const first = useMemo(() => foldedFirst(all), [all, foldedFirst]);
  const [openInSearch, setOpenInSearch] = useState<ReadonlySet<string>>(new Set());
  const onToggle = (prefix: string) => {
    if (!isSearching) onArrange({ folds: foldedTo(folds, first, prefix, !isFolded(folds, first, prefix)) });
    else setOpenInSearch(openInSearch.has(prefix) ? new Set([...openInSearch].filter((one) => one !== prefix)) : new Set([...openInSearch, prefix]));
  };
  return {
    sections,
    folds: { isFolded: (prefix: string) => (isSearching ? openInSearch.has(prefix) : isFolded(folds, first, prefix)), onToggle },
    onMove: isSearching ? null : (prefix: string, place: number) => { onArrange({ order: movedTo(byName, all, prefix, place) }); },
    onRename: (prefix: string, name: string) => { onArrange({ names: renamed(names, prefix, name) }); },
  };
}
