/** The charts of some runs: pinned ones first, then a section for each prefix. Folded sections fetch nothing. */

import { Suspense, lazy, useEffect, useMemo, useRef, useState } from "react";
import type { MetricAction } from "../corrections/words";
import { useKeys } from "../frame/keys";
import { plural } from "../format";
import { Icon } from "../parts/Icon";
import { pinnedMetrics, sectionFolds, tileWidth } from "../settings";
import { useHandler } from "../parts/useHandler";
import type { ChartSettings } from "./settings";
import styles from "./ChartGrid.module.css";
import { ChartToolbar } from "./ChartToolbar";
import { Tile } from "./Tile";
import { Tooltip } from "./Tooltip";
import { cursor } from "./cursor";
import type { RunStyle } from "./figure";
import { OTHER, type Section, foldedAtFirst, matchMetrics, sectionsOf } from "./sections";
import { stepped } from "./smoothing";
import type { SeriesSource } from "./store";

const CorrectionDialog = lazy(() => import("../corrections/CorrectionDialog").then((module) => ({ default: module.CorrectionDialog })));
const Enlarged = lazy(() => import("./Enlarged").then((module) => ({ default: module.Enlarged })));

type Props = {
  project: string;
  store: SeriesSource;
  runs: readonly RunStyle[];
  metrics: readonly string[];
  settings: ChartSettings;
  onSettings: (change: Partial<ChartSettings>) => void;
  /** Which sections start folded; those of the system by default. */
  foldedFirst?: (sections: readonly Section[]) => Set<string>;
  /** What metrics are renamed, hidden and deleted of: this run, or (null) the project. Without it they are not. */
  corrected?: { id: string; name: string } | null;
  empty: React.ReactNode;
  /** What is to be said of the metrics that are here, above the charts. */
  note?: string | null;
  /** More settings for the toolbar, of what is drawn here. */
  tools?: React.ReactNode;
};

export function ChartGrid({ project, store, runs, metrics, settings, onSettings, foldedFirst = foldedAtFirst, corrected, empty, note = null, tools = null }: Props) {
  const pins = pinnedMetrics(project);
  const pinned = pins.use();
  const width = tileWidth.use();
  const search = useRef<HTMLInputElement>(null);
  const [enlarged, setEnlarged] = useState<string | null>(null);
  const [correction, setCorrection] = useState<{ metric: string; action: MetricAction } | null>(null);
  const match = useMemo(() => matchMetrics(metrics, settings.search), [metrics, settings.search]);
  const sections = useMemo(() => sectionsOf(match.metrics), [match]);
  const { isFolded, toggle } = useFolds(project, useMemo(() => foldedFirst(sectionsOf(metrics)), [metrics, foldedFirst]), settings.search !== "");
  const onPin = useHandler((metric: string) => { pins.set(pinned.includes(metric) ? pinned.filter((one) => one !== metric) : [...pinned, metric]); });
  const onZoom = useHandler((range: ChartSettings["range"]) => { onSettings({ range }); });
  const onCorrect = useHandler((metric: string, action: MetricAction) => { setCorrection({ metric, action }); });
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
  const tileOf = (metric: string) => (
    <Tile key={metric} {...{ store, metric, runs, settings, onZoom, onPin }} onEnlarge={setEnlarged} onCorrect={corrected === undefined ? undefined : onCorrect} isPinned={pinned.includes(metric)} />
  );
  const shownPins = pinned.filter((metric) => match.metrics.includes(metric));
  return (
    <section className={styles["charts"]} aria-label="Charts" data-tiles={width}>
      <div className={styles["top"]}>
        <ChartToolbar {...{ settings, onChange: onSettings, matched: match.metrics.length, metrics, error: match.error, searchRef: search, tools }} />
      </div>
      <div className={styles["scroll"]}>
        {metrics.length === 0 || runs.length === 0 ? empty : null}
        {note !== null && <p className={styles["none"]}>{note}</p>}
        {runs.length > 0 && shownPins.length > 0 && (
          <section className={styles["section"]} aria-label="Pinned">
            <h2 className={styles["pinned"]}>Pinned</h2>
            <div className={styles["grid"]}>{shownPins.map(tileOf)}</div>
          </section>
        )}
        {runs.length > 0 && sections.map((section) => (
          <SectionView key={section.name} section={section} isFolded={isFolded(section.name)} onToggle={() => { toggle(section.name); }}>
            {() => section.metrics.map(tileOf)}
          </SectionView>
        ))}
        {metrics.length > 0 && match.metrics.length === 0 && (
          <p className={styles["none"]}>
            No chart matches. <button type="button" data-look="link" onClick={() => { onSettings({ search: "" }); }}>Show all {plural(metrics.length, "chart")}</button>
          </p>
        )}
      </div>
      <Tooltip />
      {correction !== null && corrected !== undefined && (
        <Suspense>
          <CorrectionDialog target={{ project, run: corrected, ...correction }} onClose={() => { setCorrection(null); }} />
        </Suspense>
      )}
      {enlarged !== null && (
        <Suspense>
          <Enlarged {...{ store, runs, settings, onSettings }} metric={enlarged} metrics={match.metrics} onMetric={setEnlarged} onClose={() => { setEnlarged(null); }} />
        </Suspense>
      )}
    </section>
  );
}

type SectionProps = { section: Section; isFolded: boolean; onToggle: () => void; children: () => React.ReactNode };

function SectionView({ section, isFolded, onToggle, children }: SectionProps) {
  const [isAll, setIsAll] = useState(false);
  const grid = useRef<HTMLDivElement>(null);
  const empty = useEmptyCount(grid, isFolded);
  const name = section.name === OTHER ? "other" : `${section.name}/`;
  return (
    <section className={styles["section"]} aria-label={name}>
      <h2>
        <button type="button" data-look="plain" aria-expanded={!isFolded} onClick={onToggle}>
          <Icon name={isFolded ? "right" : "down"} size={14} />
          <bdi>{name}</bdi>
          <span className="muted">{section.metrics.length}</span>
        </button>
      </h2>
      {!isFolded && <div ref={grid} className={styles["grid"]} data-all={isAll}>{children()}</div>}
      {!isFolded && empty > 0 && !isAll && (
        <p className={styles["hidden"]}>
          {plural(empty, "empty chart")} hidden <button type="button" data-look="link" onClick={() => { setIsAll(true); }}>Show</button>
        </p>
      )}
    </section>
  );
}

/** How many tiles turned out to have no points from the visible runs: only the tiles know, once they have fetched. */
function useEmptyCount(grid: React.RefObject<HTMLDivElement | null>, isFolded: boolean): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const element = grid.current;
    if (element === null) return;
    const recount = () => { setCount(element.querySelectorAll('[data-empty="true"]').length); };
    const observer = new MutationObserver(recount);
    observer.observe(element, { subtree: true, childList: true, attributeFilter: ["data-empty"] });
    recount();
    return () => { observer.disconnect(); };
  }, [grid, isFolded]);
  return count;
}

/** What was folded or opened by hand is remembered; a search opens every section that it finds something in. */
function useFolds(project: string, first: ReadonlySet<string>, isSearching: boolean) {
  const folds = sectionFolds(project);
  const choices = folds.use();
  const [openInSearch, setOpenInSearch] = useState<ReadonlySet<string>>(new Set());
  const isFolded = (name: string) => {
    if (isSearching) return openInSearch.has(name);
    return choices.includes(`-${name}`) || (first.has(name) && !choices.includes(`+${name}`));
  };
  const toggle = (name: string) => {
    if (isSearching) {
      setOpenInSearch(openInSearch.has(name) ? new Set([...openInSearch].filter((one) => one !== name)) : new Set([...openInSearch, name]));
      return;
    }
    const others = choices.filter((one) => one.slice(1) !== name);
    folds.set([...others, `${isFolded(name) ? "+" : "-"}${name}`]);
  };
  return { isFolded, toggle };
}
