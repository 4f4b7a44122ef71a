/** One chart over the whole page, with a legend of numbers, and its picture and points to take away. */

import { useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { toast } from "../frame/Toasts";
import { api, reasonOf } from "../api";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { Swatch } from "../parts/Run";
import { copyText } from "../parts/clipboard";
import { plural } from "../format";
import { useIsDark } from "../theme";
import type { ChartSettings } from "./settings";
import styles from "./Enlarged.module.css";
import { SmoothingField } from "./SmoothingField";
import { ShowAsTable } from "./ShowAsTable";
import { xText } from "./ticks";
import { SettingsDialog } from "./SettingsDialog";
import { type Figure, type Line, MOST_ENLARGED, type RunStyle, axisName, exactness, nearest, supersededNote, titleOf, withoutLines } from "./figure";
import { bodyOf, chartTitle, isFormula } from "./made";
import { ownOf, viewOf, withOwn, zoomed } from "./own";
import { draw, onHover, onZoom, remove } from "./plot";
import { asPython } from "./python";
import type { SeriesSource } from "./store";
import { saveDrawn, saveEveryPoint, saveShownPoints } from "./takeAway";
import { formatMeasure } from "./units";
import { useSource } from "./useSource";
import { chartFigure, useMetric } from "./useMetric";

type Props = {
  store: SeriesSource;
  metric: string;
  /** All that there are, and the charts among which one steps. */
  metrics: readonly string[];
  charts: readonly string[];
  runs: readonly RunStyle[];
  settings: ChartSettings;
  onSettings: (change: Partial<ChartSettings>) => void;
  onMetric: (metric: string) => void;
  onClose: () => void;
};

/** About as many points as the large chart has pixels across. */
const POINTS = 2000;

export function Enlarged({ store, metric, metrics, charts, runs, settings, onSettings, onMetric, onClose }: Props) {
  const view = useMemo(() => viewOf(settings, metric), [settings, metric]);
  const source = useSource(store, { x: view.x, range: view.range, points: POINTS });
  const before = useMetric(store, metric, true, metrics);
  const state = useMetric(source, metric, true, metrics);
  const [muted, setMuted] = useState<ReadonlySet<string>>(new Set());
  const [cursor, setCursor] = useState<number | null>(null);
  const [isSetting, setIsSetting] = useState(false);
  // what the small chart shows stands in for the finer points until these are here
  const isWaiting = state.series.length === 0 && view.x === settings.x;
  const figure = useMemo(() => chartFigure(metric, isWaiting ? before : state, runs, view, MOST_ENLARGED), [metric, isWaiting, before, state, runs, view]);
  const drawn = useMemo(() => withoutLines(figure, muted), [figure, muted]);
  const canvas = useRef<HTMLDivElement>(null);
  const at = charts.indexOf(metric);
  const turn = (by: number) => {
    const next = charts[at + by];
    if (next !== undefined) onMetric(next);
  };
  return (
    <Dialog
      title={chartTitle(metric)}
      width="full"
      onClose={onClose}
      onKeyDown={(event) => {
        if (event.target instanceof HTMLInputElement) return;
        if (event.key === "ArrowRight") turn(1);
        if (event.key === "ArrowLeft") turn(-1);
      }}
      footer={<Downloads {...{ view, canvas }} chart={metric} figure={drawn} />}
    >
      <div className={styles["view"]}>
        <div className={styles["main"]}>
          <div className={styles["tools"]}>
            <button type="button" onClick={() => { turn(-1); }} disabled={at <= 0} title="Previous chart (←)">Previous</button>
            <button type="button" onClick={() => { turn(1); }} disabled={at >= charts.length - 1} title="Next chart (→)">Next</button>
            <button type="button" aria-pressed={view.isLog} onClick={() => { onSettings({ own: withOwn(settings.own, metric, { isLog: view.isLog === settings.isLog ? !view.isLog : undefined }) }); }}>log y</button>
            <button type="button" aria-pressed={view.isWithoutOutliers} onClick={() => { onSettings({ isWithoutOutliers: !view.isWithoutOutliers }); }}>Ignore outliers</button>
            <button type="button" onClick={() => { setIsSetting(true); }}>Axes and ranges…</button>
            <SmoothingField label="Smoothing of this chart" value={settings.smoothing} onChange={(smoothing) => { onSettings({ smoothing }); }} />
            {(view.range !== null || typeof view.ySpan !== "string") && <button type="button" onClick={() => { onSettings(zoomed(settings, metric, null)); }}>Reset zoom</button>}
            <ShowAsTable figure={drawn} />
            <span className="muted">{exactness(figure).sentence}</span>
            {figure.dropped > 0 && <span className="muted">{figure.dropped} values ≤ 0 not shown on the log axis</span>}
            {figure.beyond > 0 && <span className="muted">{plural(figure.beyond, "point")} beyond the scale</span>}
            {figure.superseded.length > 0 && <span className="muted">{supersededNote(figure)}</span>}
          </div>
          <Plot figure={drawn} canvas={canvas} onRange={(range) => { onSettings(zoomed(settings, metric, range)); }} onCursor={setCursor} />
        </div>
        <Legend
          figure={figure}
          cursor={cursor}
          muted={muted}
          onToggle={(id) => {
            setMuted(muted.has(id) ? new Set([...muted].filter((one) => one !== id)) : new Set([...muted, id]));
          }}
        />
      </div>
      {isSetting && <SettingsDialog title={chartTitle(metric)} {...{ view, metrics }} onChange={(chosen) => { onSettings({ own: withOwn(settings.own, metric, ownOf(chosen, settings)) }); }} onClose={() => { setIsSetting(false); }} />}
    </Dialog>
  );
}

type PlotProps = { figure: Figure; canvas: React.RefObject<HTMLDivElement | null>; onRange: (range: ChartSettings["range"]) => void; onCursor: (x: number | null) => void };

function Plot({ figure, canvas, onRange, onCursor }: PlotProps) {
  const isDark = useIsDark();
  const tell = useEffectEvent(onRange);
  const point = useEffectEvent(onCursor);
  const latest = useRef(figure);
  useEffect(() => {
    latest.current = figure;
    const element = canvas.current;
    if (element !== null) void draw(element, figure);
  }, [canvas, figure, isDark]);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    let isGone = false;
    void draw(element, latest.current).then(() => {
      if (isGone) return;
      onZoom(element, (range) => { tell(range); });
      onHover(element, (x) => { point(x); });
    });
    const observer = new ResizeObserver(() => void draw(element, latest.current));
    observer.observe(element);
    return () => {
      isGone = true;
      observer.disconnect();
      remove(element);
    };
  }, [canvas]);
  return <div ref={canvas} className={styles["plot"]} role="img" aria-label={`${figure.metric}, enlarged; the legend has its numbers`} />;
}

type SortBy = "name" | "last" | "min" | "max" | "at";
type Row = { line: Line; last: number; min: number; max: number; at: number };
type LegendProps = { figure: Figure; cursor: number | null; muted: ReadonlySet<string>; onToggle: (id: string) => void };

function Legend({ figure, cursor, muted, onToggle }: LegendProps) {
  const [sort, setSort] = useState<{ by: SortBy; isDown: boolean }>({ by: "last", isDown: true });
  const rows = figure.lines.map((line) => summary(line, cursor)).sort((a, b) => (sort.isDown ? -1 : 1) * compareRows(a, b, sort.by));
  const words = { name: "run", last: "last", min: "min", max: "max", at: cursor === null ? "at cursor" : `at ${xText(figure.axis, cursor)}` };
  return (
    <div className={styles["legend"]} tabIndex={0} role="region" aria-label="Legend">
      <table>
        <thead>
          <tr>
            {(["name", "last", "min", "max", "at"] as const).map((by) => (
              <th key={by} scope="col" aria-sort={sort.by === by ? (sort.isDown ? "descending" : "ascending") : "none"} className={by === "name" ? undefined : "number"}>
                <button type="button" data-look="plain" title={by === "at" ? `The value at the ${axisName(figure.axis)} under the pointer` : undefined} onClick={() => { setSort({ by, isDown: sort.by === by ? !sort.isDown : by !== "name" }); }}>
                  {words[by]}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ line, last, min, max, at }) => (
            <tr key={line.id}>
              <th scope="row">
                <label className={styles["run"]} title={titleOf(line)}>
                  <input type="checkbox" checked={!muted.has(line.id)} onChange={() => { onToggle(line.id); }} />
                  <Swatch hue={line.hue} dash={line.dash} />
                  <span className="clip"><bdi>{line.name}</bdi>{line.note && <small><bdi>{line.note.text}</bdi></small>}</span>
                </label>
              </th>
              {[last, min, max, at].map((value, index) => (
                <td key={index} className="number" title={String(value)}>{Number.isNaN(value) ? "–" : formatMeasure(figure.metric, value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function summary(line: Line, cursor: number | null): Row {
  const values = (line.raw ?? line.y).filter((value) => !Number.isNaN(value));
  const at = cursor === null ? NaN : (line.y[nearest(line.x, cursor)] ?? NaN);
  if (values.length === 0) return { line, last: NaN, min: NaN, max: NaN, at };
  return { line, last: values.at(-1) ?? NaN, min: values.reduce((a, b) => Math.min(a, b)), max: values.reduce((a, b) => Math.max(a, b)), at };
}

const compareRows = (a: Row, b: Row, by: SortBy) => (by === "name" ? a.line.name.localeCompare(b.line.name) : (Number.isNaN(a[by]) ? -Infinity : a[by]) - (Number.isNaN(b[by]) ? -Infinity : b[by]));

type DownloadProps = { chart: string; figure: Figure; view: ChartSettings; canvas: React.RefObject<HTMLDivElement | null> };

function Downloads({ chart, figure, view, canvas }: DownloadProps) {
  const complain = (error: unknown) => { toast({ text: `Could not be taken away: ${reasonOf(error)}`, isBad: true }); };
  const savePicture = (kind: "png" | "svg") => () => { if (canvas.current !== null) saveDrawn(figure, canvas.current, kind).catch(complain); };
  return (
    <>
      <span className={styles["hint"]}>Drag to zoom, double click to reset.</span>
      <button type="button" onClick={savePicture("png")}><Icon name="download" /> PNG</button>
      <button type="button" onClick={savePicture("svg")}><Icon name="download" /> SVG</button>
      <button type="button" title="The points that are drawn" onClick={() => void saveShownPoints(figure)}><Icon name="download" /> CSV</button>
      {figure.pooled === null && (
        <>
          {!isFormula(chart) && <button type="button" title="Every point that was logged" onClick={() => { saveEveryPoint(figure).catch(complain); }}><Icon name="download" /> CSV of all points</button>}
          <button type="button" onClick={() => { copyPython(chart, figure, view).catch(complain); }}><Icon name="copy" /> Copy as Python</button>
        </>
      )}
    </>
  );
}

async function copyPython(chart: string, figure: Figure, view: ChartSettings): Promise<void> {
  const reckoned = isFormula(chart) ? await api.formula(bodyOf(chart)) : null;
  await copyText(asPython(figure, view, reckoned));
  toast({ text: "Copied: Python that fetches and draws this chart." });
}
