/** One metric of the visible runs as a small chart: it fetches when it comes near the screen and draws in its turn. */

import { memo, useEffect, useEffectEvent, useId, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { ChartSettings } from "./settings";
import type { MetricAction } from "../corrections/words";
import { formatCount, plural } from "../format";
import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import { useIsDark } from "../theme";
import { ShowAsTable } from "./FigureTable";
import { projectIn } from "../share/embedLink";
import { share } from "../share/sharing";
import styles from "./Tile.module.css";
import { spotlight } from "./cursor";
import { type Figure, type Range, type RunStyle, describeFigure, exactness, lineFigure, supersededNote } from "./figure";
import { attachOverlay } from "./overlay";
import { drawQueue, tileQueue } from "./queue";
import { lastPartOf, prefixOf } from "./sections";
import type { SeriesSource } from "./store";
import { highlight, remove, resize, update } from "./tile";

export type TileProps = {
  store: SeriesSource;
  metric: string;
  runs: readonly RunStyle[];
  settings: ChartSettings;
  isPinned: boolean;
  onPin: (metric: string) => void;
  onEnlarge: (metric: string) => void;
  onZoom: (range: Range | null) => void;
  /** Opens what renames, hides or deletes the metric, where that is offered. */
  onCorrect?: ((metric: string, action: MetricAction) => void) | undefined;
};

const highlights = drawQueue();
const nothing = () => () => undefined;

export const Tile = memo(function Tile(props: TileProps) {
  const { store, metric, runs, settings, isPinned, onPin, onEnlarge, onCorrect } = props;
  const ref = useRef<HTMLElement>(null);
  const isNear = useIsNear(ref);
  const state = useSyncExternalStore(
    useMemo(() => (isNear ? (listener: () => void) => store.watch(metric, listener) : nothing), [isNear, store, metric]),
    () => store.state(metric),
  );
  const figure = useMemo(() => {
    const styleOf = new Map(runs.map((run) => [run.id, run]));
    const drawn = state.series.flatMap((series) => {
      const style = styleOf.get(series.run);
      return style === undefined ? [] : [{ series, style }];
    });
    return lineFigure(metric, drawn, settings);
  }, [metric, runs, state, settings]);
  const all = [...figure.lines, ...figure.superseded];
  const isEmpty = all.length === 0;
  const label = describeFigure(metric, settings, new Set(all.map(({ run }) => run)).size, figure.pooled === null ? "run" : "group");
  const prefix = prefixOf(metric);
  return (
    <figure ref={ref} className={styles["tile"]} aria-label={label} data-metric={metric} data-empty={isEmpty && !state.isLoading && state.error === null && runs.length > 0}>
      <figcaption className={styles["head"]}>
        <span className={styles["title"]} title={metric}>
          {prefix !== "" && <span className="muted">{prefix}/</span>}
          <bdi>{lastPartOf(metric)}</bdi>
        </span>
        <span className={styles["tools"]}>
          <ShowAsTable figure={figure} />
          <button type="button" data-look="icon" aria-pressed={isPinned} aria-label={`${isPinned ? "Unpin" : "Pin"} ${metric}`} title={isPinned ? "Unpin" : "Pin to the top (p)"} onClick={() => { onPin(metric); }}>
            <Icon name="pin" size={14} />
          </button>
          <button type="button" data-look="icon" aria-label={`Enlarge ${metric}`} title="Enlarge (f)" onClick={() => { onEnlarge(metric); }}>
            <Icon name="enlarge" size={14} />
          </button>
          {isNear && figure.pooled === null && (
            <Menu label={`More for ${metric}`} look="icon" entries={[shareEntry(metric, runs, settings), ...(onCorrect === undefined ? [] : corrections(metric, onCorrect))]}>
              <Icon name="more" size={14} />
            </Menu>
          )}
        </span>
        {!isEmpty && <Exactness figure={figure} />}
      </figcaption>
      <div className={styles["plot"]}>
        {isNear && !isEmpty && <Canvas figure={figure} label={label} onZoom={props.onZoom} onEnlarge={() => { onEnlarge(metric); }} />}
        {isEmpty && <TileNote isLoading={state.isLoading && isNear} error={state.error} hasRuns={runs.length > 0} onRetry={() => { store.retry(metric); }} />}
      </div>
      <Notes figure={figure} />
    </figure>
  );
});

const shareEntry = (metric: string, runs: readonly RunStyle[], settings: ChartSettings): MenuEntry => ({
  kind: "do",
  label: "Share…",
  onSelect: () => { share({ project: projectIn(location.pathname), runs: runs.map(({ id }) => id), metrics: [metric], settings }); },
});

const corrections = (metric: string, onCorrect: (metric: string, action: MetricAction) => void): MenuEntry[] => [
  { kind: "do", label: "Rename metric…", onSelect: () => { onCorrect(metric, "rename"); } },
  { kind: "do", label: "Hide metric…", onSelect: () => { onCorrect(metric, "hide"); } },
  { kind: "do", label: "Delete metric…", isDangerous: true, onSelect: () => { onCorrect(metric, "delete"); } },
];

type CanvasProps = { figure: Figure; label: string; onZoom: TileProps["onZoom"]; onEnlarge?: (() => void) | undefined };

/** A figure drawn small, in step with the cursor and the zoom of the page. */
export function Canvas({ figure, label, onZoom, onEnlarge }: CanvasProps) {
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
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const detach = attachOverlay(element, {
      figure: () => latest.current,
      onZoom: (range) => { zoom(range); },
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
      aria-label={onEnlarge === undefined ? label : `${label}. Press f to enlarge.`}
      onKeyDown={(event) => {
        if (onEnlarge === undefined || (event.key !== "f" && event.key !== "Enter")) return;
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
    figure.dropped > 0 ? `${plural(figure.dropped, "value")} ≤ 0 not shown on the log axis` : null,
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
