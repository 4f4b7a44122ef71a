/** One metric of the visible runs as a small chart: it fetches when it comes near the screen and draws in its turn. */

import { Suspense, lazy, memo, useEffect, useEffectEvent, useId, useMemo, useRef, useState } from "react";
import type { ChartSettings } from "./settings";
import type { MetricAction } from "../corrections/words";
import { reasonOf } from "../api";
import { formatCount, plural } from "../format";
import type { Goal } from "../goals";
import { toast } from "../frame/Toasts";
import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import { useHandler } from "../parts/useHandler";
import { useIsDark } from "../theme";
import { projectIn } from "../share/embedLink";
import { share } from "../share/sharing";
import { ShowAsTable } from "./ShowAsTable";
import styles from "./Tile.module.css";
import { spotlight } from "./cursor";
import { type Figure, type Range, type RunStyle, bestOf, describeFigure, exactness, isOnlyMarks, supersededNote } from "./figure";
import { type Own, ownOf, ownWords, viewOf, withOwn, zoomed } from "./own";
import { type Draft, chartTitle, isFormula, isMade, namesOf, patternOf, severalChart } from "./made";
import { attachOverlay } from "./overlay";
import { drawQueue, tileQueue } from "./queue";
import { lastPartOf, prefixOf } from "./sections";
import type { SeriesSource } from "./store";
import type * as takeAway from "./takeAway";
import { highlight, remove, resize, update } from "./tile";
import { useSource } from "./useSource";
import { chartFigure, useMetric } from "./useMetric";

const SettingsDialog = lazy(() => import("./SettingsDialog").then((module) => ({ default: module.SettingsDialog })));

export type TileProps = {
  store: SeriesSource;
  metric: string;
  /** All that there are. */
  metrics: readonly string[];
  runs: readonly RunStyle[];
  settings: ChartSettings;
  isPinned: boolean;
  onPin: (metric: string) => void;
  onEnlarge: (metric: string) => void;
  onSettings: (change: Partial<ChartSettings>) => void;
  /** Which of its values are better, where anybody has said so. */
  goal: Goal | null;
  /** Why one may not say which values are better, or correct anything. */
  reason: string | undefined;
  onGoal: (metric: string, goal: Goal | null) => void;
  /** Opens what renames, hides or deletes the metric, where that is offered. */
  onCorrect?: ((metric: string, action: MetricAction) => void) | undefined;
  /** Opens what makes charts, takes one away that was made, and makes one of two. */
  onMake?: ((draft: Draft) => void) | undefined;
  onRemove?: ((chart: string) => void) | undefined;
  onTogether?: ((dragged: string, onto: string) => void) | undefined;
};

type TakeAway = typeof takeAway;

const highlights = drawQueue();

export const Tile = memo(function Tile(props: TileProps) {
  const { store, metric, metrics, runs, settings, isPinned, onPin, onEnlarge, onSettings } = props;
  const ref = useRef<HTMLElement>(null);
  const isNear = useIsNear(ref);
  const [isSetting, setIsSetting] = useState(false);
  const own = settings.own[metric];
  const isElsewhere = store.beside !== undefined && (own?.x !== undefined || own?.range !== undefined);
  const view = useMemo(() => (isElsewhere ? viewOf(settings, metric) : { ...viewOf(settings, metric), x: settings.x, range: settings.range }), [settings, metric, isElsewhere]);
  const source = useSource(store, isElsewhere ? { x: view.x, range: view.range } : null);
  const state = useMetric(source, metric, isNear, metrics);
  const figure = useMemo(() => chartFigure(metric, state, runs, view), [metric, state, runs, view]);
  const all = [...figure.lines, ...figure.superseded];
  const isEmpty = all.length === 0;
  const name = chartTitle(metric);
  const label = describeFigure(name, view, new Set(all.map(({ run }) => run)).size, figure.pooled === null ? "run" : "group");
  const onOwn = useHandler((change: Parameters<typeof withOwn>[2]) => { onSettings({ own: withOwn(settings.own, metric, change) }); });
  const onZoom = (range: Range | null) => { onSettings(zoomed(settings, metric, range)); };
  const onPan = (range: Range, ySpan: Range) => {
    const change = zoomed(settings, metric, range);
    // only where the height is not that of what is shown
    onSettings(typeof view.ySpan === "string" ? change : { ...change, own: withOwn(change.own, metric, { ySpan }) });
  };
  const isHidden = isEmpty && !state.isLoading && state.error === null && runs.length > 0;
  return (
    <figure ref={ref} className={styles["tile"]} aria-label={label} aria-description={sentenceOf(label, figure, props.goal)} data-metric={metric} data-empty={isHidden} {...dropOn(props)}>
      <figcaption className={styles["head"]}>
        <Title {...{ metric }} onTogether={props.onTogether} />
        <span className={styles["tools"]}>
          <ShowAsTable figure={figure} />
          <button type="button" data-look="icon" aria-pressed={isPinned} aria-label={`${isPinned ? "Unpin" : "Pin"} ${name}`} title={isPinned ? "Unpin" : "Pin to the top (p)"} onClick={() => { onPin(metric); }}>
            <Icon name="pin" size={14} />
          </button>
          <button type="button" data-look="icon" aria-label={`Enlarge ${name}`} title="Enlarge (f)" onClick={() => { onEnlarge(metric); }}>
            <Icon name="enlarge" size={14} />
          </button>
          {isNear && (
            <Menu label={`More for ${name}`} look="icon" entries={entriesOf(props, figure, () => { setIsSetting(true); })}>
              <Icon name="more" size={14} />
            </Menu>
          )}
        </span>
        <OwnMark own={own} metric={name} onReset={() => { onOwn(AS_ON_THE_PAGE); }} />
        {!isEmpty && <Exactness figure={figure} />}
      </figcaption>
      <div className={styles["plot"]}>
        {isNear && !isEmpty && <Canvas {...{ figure, label, onZoom, onPan }} onZoomY={(ySpan) => { onOwn({ ySpan }); }} onEnlarge={() => { onEnlarge(metric); }} />}
        {isEmpty && <TileNote isLoading={state.isLoading && isNear} error={state.error} hasRuns={runs.length > 0} onRetry={() => { source.retry(metric); }} />}
      </div>
      <Notes figure={figure} />
      {isSetting && (
        <Suspense>
          <SettingsDialog title={name} {...{ view, metrics }} onChange={(chosen) => { onOwn(ownOf(chosen, settings)); }} onClose={() => { setIsSetting(false); }} />
        </Suspense>
      )}
    </figure>
  );
});

/** The part that tells metrics apart is the last one. */
function Title({ metric, onTogether }: Pick<TileProps, "metric" | "onTogether">) {
  const isWhole = isMade(metric);
  const prefix = isWhole ? "" : prefixOf(metric);
  return (
    <span className={styles["title"]} title={chartTitle(metric)} draggable={onTogether !== undefined && !isFormula(metric)} onDragStart={(event) => { event.dataTransfer.setData(DRAGGED, metric); }}>
      {prefix !== "" && <span className="muted">{prefix}/</span>}
      <bdi>{isWhole ? chartTitle(metric) : lastPartOf(metric)}</bdi>
    </span>
  );
}

const DRAGGED = "application/x-tracker-chart";

/** A chart that is dropped onto another is drawn together with it. */
const dropOn = ({ metric, onTogether }: TileProps) => ({
  onDragOver: (event: React.DragEvent) => { if (event.dataTransfer.types.includes(DRAGGED) && !isFormula(metric)) event.preventDefault(); },
  onDrop: (event: React.DragEvent) => {
    const dragged = event.dataTransfer.getData(DRAGGED);
    if (dragged === "" || dragged === metric || isFormula(metric)) return;
    event.preventDefault();
    onTogether?.(dragged, metric);
  },
});

const AS_ON_THE_PAGE: { [Key in keyof Required<Own>]: undefined } = { x: undefined, range: undefined, ySpan: undefined, isLog: undefined };

/** What a chart wears that is drawn otherwise than its page. */
function OwnMark({ own, metric, onReset }: { own: Own | undefined; metric: string; onReset: () => void }) {
  const words = ownWords(own);
  if (words === null) return null;
  return (
    <button type="button" data-look="plain" className={styles["own"]} aria-label={`${metric} has ${words}: draw it as on the page`} title={`Has ${words}. Draw it as on the page`} onClick={onReset}>
      own <Icon name="close" size={10} />
    </button>
  );
}

function sentenceOf(label: string, figure: Figure, goal: Goal | null): string {
  const best = bestOf(figure, goal);
  return best === null ? label : `${label}, ${best}`;
}

function entriesOf(props: TileProps, figure: Figure, onSet: () => void): MenuEntry[] {
  const { metric, metrics, runs, settings, goal, reason, onGoal, onCorrect } = props;
  const take = (how: (module: TakeAway) => Promise<unknown>) => () => {
    import("./takeAway").then(how).catch((error: unknown) => { toast({ text: `Could not be taken away: ${reasonOf(error)}`, isBad: true }); });
  };
  return [
    { kind: "do", label: "Axes and ranges…", onSelect: onSet },
    ...makings(props),
    { kind: "line" },
    { kind: "do", label: "Download PNG", onSelect: take((module) => module.savePicture(figure, "png")) },
    { kind: "do", label: "Download SVG", onSelect: take((module) => module.savePicture(figure, "svg")) },
    { kind: "do", label: "Download CSV", onSelect: take((module) => module.saveShownPoints(figure)) },
    ...(figure.pooled !== null ? [] : [shareEntry(metric, namesOf(metric, metrics), runs, settings)]),
    ...(isMade(metric) ? [] : goals(metric, goal, onGoal, reason)),
    ...(onCorrect === undefined || isMade(metric) ? [] : corrections(metric, onCorrect, reason)),
  ];
}

function makings({ metric, onMake, onRemove }: TileProps): MenuEntry[] {
  if (onMake === undefined || onRemove === undefined) return [];
  if (!isMade(metric)) return [{ kind: "do", label: "Show together with…", onSelect: () => { onMake({ chart: severalChart(patternOf([metric])), replaces: null }); } }];
  return [
    { kind: "do", label: "Edit…", onSelect: () => { onMake({ chart: metric, replaces: metric }); } },
    { kind: "do", label: "Remove chart", onSelect: () => { onRemove(metric); } },
  ];
}

const goals = (metric: string, goal: Goal | null, onGoal: TileProps["onGoal"], reason: string | undefined): MenuEntry[] => [
  { kind: "line" },
  { kind: "choice", label: "Higher is better", isChosen: goal === "max", reason, onSelect: () => { onGoal(metric, goal === "max" ? null : "max"); } },
  { kind: "choice", label: "Lower is better", isChosen: goal === "min", reason, onSelect: () => { onGoal(metric, goal === "min" ? null : "min"); } },
];

const shareEntry = (metric: string, names: readonly string[], runs: readonly RunStyle[], settings: ChartSettings): MenuEntry => ({
  kind: "do",
  label: "Share…",
  onSelect: () => { share({ project: projectIn(location.pathname), runs: runs.map(({ id }) => id), metrics: [...names], settings: { ...viewOf(settings, metric), own: {} } }); },
});

const corrections = (metric: string, onCorrect: (metric: string, action: MetricAction) => void, reason: string | undefined): MenuEntry[] => [
  { kind: "line" },
  { kind: "do", label: "Rename metric…", reason, onSelect: () => { onCorrect(metric, "rename"); } },
  { kind: "do", label: "Hide metric…", reason, onSelect: () => { onCorrect(metric, "hide"); } },
  { kind: "do", label: "Delete metric…", isDangerous: true, reason, onSelect: () => { onCorrect(metric, "delete"); } },
];

type CanvasProps = {
  figure: Figure;
  label: string;
  onZoom: (x: Range | null) => void;
  onZoomY?: ((y: Range) => void) | undefined;
  onPan?: ((x: Range, y: Range) => void) | undefined;
  onEnlarge?: (() => void) | undefined;
};

/** A figure drawn small, in step with the cursor and the zoom of the page. */
export function Canvas({ figure, label, onZoom, onZoomY, onPan, onEnlarge }: CanvasProps) {
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(figure);
  const isDark = useIsDark();
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    latest.current = figure;
    tileQueue.add(element, () => {
      update(element, figure);
      highlight(element, spotlight.get());
    });
  }, [figure, isDark]);
  const zoom = useEffectEvent(onZoom);
  const zoomY = useEffectEvent((y: Range) => { onZoomY?.(y); });
  const pan = useEffectEvent((x: Range, y: Range) => { onPan?.(x, y); });
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const detach = attachOverlay(element, {
      figure: () => latest.current,
      onZoom: (range) => { zoom(range); },
      onZoomY: (range) => { zoomY(range); },
      onPan: (x, y) => { pan(x, y); },
      onReset: () => { zoom(null); },
      onEnter: () => { tileQueue.prefer(element); },
    });
    figures.set(element, () => latest.current);
    const observer = new ResizeObserver(() => { resize(element); });
    observer.observe(element);
    const unwatch = spotlight.watch((run) => { highlights.add(element, () => { highlight(element, run); }); });
    return () => {
      unwatch();
      observer.disconnect();
      detach();
      tileQueue.drop(element);
      highlights.drop(element);
      remove(element);
    };
  }, []);
  return (
    <div
      ref={host}
      className={styles["canvas"]}
      tabIndex={0}
      role="img"
      aria-label={`${label}. Enter reads it point by point${onEnlarge === undefined ? "" : ", f enlarges it"}.`}
      onKeyDown={(event) => {
        if (onEnlarge === undefined || event.key !== "f" || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        event.stopPropagation();
        onEnlarge();
      }}
    />
  );
}

/** The figure that an element shows, for the tooltip. */
export const figures = new WeakMap<object, () => Figure>();

type NoteProps = { isLoading: boolean; error: string | null; hasRuns: boolean; onRetry: () => void };

function TileNote({ isLoading, error, hasRuns, onRetry }: NoteProps) {
  if (error !== null) {
    return (
      <div className={styles["note"]} role="alert">
        <span>{error}</span>
        <button type="button" data-look="link" onClick={onRetry}>
          Retry
        </button>
      </div>
    );
  }
  if (isLoading) return <div className={styles["loading"]} />;
  return <div className={styles["note"]}>{hasRuns ? "No points from the visible runs" : ""}</div>;
}

/** A chart says whether one sees all of it. */
function Exactness({ figure }: { figure: Figure }) {
  const { word, sentence } = exactness(figure);
  return <span className={styles["exactness"]} title={sentence}>{word}</span>;
}

function Notes({ figure }: { figure: Figure }) {
  const id = useId();
  const notes = [
    isOnlyMarks(figure) ? "no finite value: NaN and infinities are marked" : null,
    figure.dropped > 0 ? `${plural(figure.dropped, "value")} ≤ 0 not shown on the log axis` : null,
    figure.beyond > 0 ? `${plural(figure.beyond, "point")} beyond the scale` : null,
    figure.hidden > 0 ? `${formatCount(figure.lines.length)} of ${formatCount(figure.lines.length + figure.hidden)} ${nounOf(figure)}; group or enlarge` : null,
  ].filter((note) => note !== null);
  const hasOld = figure.superseded.length > 0;
  if (notes.length === 0 && !hasOld) return null;
  return (
    <p id={id} className={styles["foot"]}>
      {notes.join(" · ")}
      {hasOld && <span className="muted">{notes.length > 0 && " · "}{supersededNote(figure)}</span>}
    </p>
  );
}

/** Some runs have several lines: one of each of their processes. */
const nounOf = ({ lines, pooled }: Figure) => (pooled !== null ? "groups" : new Set(lines.map(({ run }) => run)).size === lines.length ? "runs" : "lines");

/** Whether the element is on the screen or within one row of it. */
function useIsNear(ref: React.RefObject<HTMLElement | null>): boolean {
  const [isNear, setIsNear] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new IntersectionObserver((entries) => { setIsNear(entries.at(-1)?.isIntersecting === true); }, { rootMargin: "260px 0px" });
    observer.observe(element);
    return () => { observer.disconnect(); };
  }, [ref]);
  return isNear;
}
