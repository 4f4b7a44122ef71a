/** One chart over the whole page, with a legend of numbers, and its picture and points to take away. */

import { useEffect, useEffectEvent, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { Swatch } from "../parts/Run";
import { useIsDark } from "../theme";
import type { ChartSettings } from "./settings";
import styles from "./Enlarged.module.css";
import { SmoothingField } from "./SmoothingField";
import { type Figure, type Line, MOST_ENLARGED, type RunStyle, exactness, lineFigure, supersededNote, withoutLines } from "./figure";
import { draw, onZoom, picture, remove } from "./plot";
import { figureAsCsv } from "./plotFigure";
import type { SeriesSource } from "./store";
import { formatMeasure } from "./units";

type Props = {
  store: SeriesSource;
  metric: string;
  metrics: readonly string[];
  runs: readonly RunStyle[];
  settings: ChartSettings;
  onSettings: (change: Partial<ChartSettings>) => void;
  onMetric: (metric: string) => void;
  onClose: () => void;
};

export function Enlarged({ store, metric, metrics, runs, settings, onSettings, onMetric, onClose }: Props) {
  const state = useSyncExternalStore(
    useMemo(() => (listener: () => void) => store.watch(metric, listener), [store, metric]),
    () => store.state(metric),
  );
  const [muted, setMuted] = useState<ReadonlySet<string>>(new Set());
  const figure = useMemo(() => {
    const drawn = state.series.flatMap((series) => {
      const style = runs.find(({ id }) => id === series.run);
      return style === undefined ? [] : [{ series, style }];
    });
    return lineFigure(metric, drawn, settings, MOST_ENLARGED);
  }, [metric, runs, settings, state]);
  const drawn = useMemo(() => withoutLines(figure, muted), [figure, muted]);
  const canvas = useRef<HTMLDivElement>(null);
  const turn = (by: number) => {
    const next = metrics[metrics.indexOf(metric) + by];
    if (next !== undefined) onMetric(next);
  };
  return (
    <Dialog
      title={metric}
      width="full"
      onClose={onClose}
      onKeyDown={(event) => {
        if (event.target instanceof HTMLInputElement) return;
        if (event.key === "ArrowRight") turn(1);
        if (event.key === "ArrowLeft") turn(-1);
      }}
      footer={<Downloads figure={drawn} canvas={canvas} />}
    >
      <div className={styles["view"]}>
        <div className={styles["main"]}>
          <div className={styles["tools"]}>
            <button type="button" onClick={() => { turn(-1); }} disabled={metrics.indexOf(metric) <= 0} title="Previous chart (←)">Previous</button>
            <button type="button" onClick={() => { turn(1); }} disabled={metrics.indexOf(metric) >= metrics.length - 1} title="Next chart (→)">Next</button>
            <button type="button" aria-pressed={settings.isLog} onClick={() => { onSettings({ isLog: !settings.isLog }); }}>log y</button>
            <SmoothingField label="Smoothing of this chart" value={settings.smoothing} onChange={(smoothing) => { onSettings({ smoothing }); }} />
            {settings.range !== null && <button type="button" onClick={() => { onSettings({ range: null }); }}>Reset zoom</button>}
            <span className="muted">{exactness(figure).sentence}</span>
            {figure.dropped > 0 && <span className="muted">{figure.dropped} values ≤ 0 not shown on the log axis</span>}
            {figure.superseded.length > 0 && <span className="muted">{supersededNote(figure)}</span>}
          </div>
          <Plot figure={drawn} canvas={canvas} onRange={(range) => { onSettings({ range }); }} />
        </div>
        <Legend
          figure={figure}
          muted={muted}
          onToggle={(id) => {
            setMuted(muted.has(id) ? new Set([...muted].filter((one) => one !== id)) : new Set([...muted, id]));
          }}
        />
      </div>
    </Dialog>
  );
}

type PlotProps = { figure: Figure; canvas: React.RefObject<HTMLDivElement | null>; onRange: (range: ChartSettings["range"]) => void };

function Plot({ figure, canvas, onRange }: PlotProps) {
  const isDark = useIsDark();
  const tell = useEffectEvent(onRange);
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
      if (!isGone) onZoom(element, (range) => { tell(range); });
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

type SortBy = "name" | "last" | "min" | "max";
type Row = { line: Line; last: number; min: number; max: number };

function Legend({ figure, muted, onToggle }: { figure: Figure; muted: ReadonlySet<string>; onToggle: (id: string) => void }) {
  const [sort, setSort] = useState<{ by: SortBy; isDown: boolean }>({ by: "last", isDown: true });
  const rows = figure.lines.map(summary).sort((a, b) => (sort.isDown ? -1 : 1) * compareRows(a, b, sort.by));
  return (
    <div className={styles["legend"]} tabIndex={0} role="region" aria-label="Legend">
      <table>
        <thead>
          <tr>
            {(["name", "last", "min", "max"] as const).map((by) => (
              <th key={by} scope="col" aria-sort={sort.by === by ? (sort.isDown ? "descending" : "ascending") : "none"} className={by === "name" ? undefined : "number"}>
                <button type="button" data-look="plain" onClick={() => { setSort({ by, isDown: sort.by === by ? !sort.isDown : by !== "name" }); }}>
                  {by === "name" ? "run" : by}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ line, last, min, max }) => (
            <tr key={line.id}>
              <th scope="row">
                <label className={styles["run"]} title={line.name}>
                  <input type="checkbox" checked={!muted.has(line.id)} onChange={() => { onToggle(line.id); }} />
                  <Swatch hue={line.hue} dash={line.dash} />
                  <bdi className="clip">{line.name}</bdi>
                </label>
              </th>
              {[last, min, max].map((value, index) => (
                <td key={index} className="number" title={String(value)}>{Number.isNaN(value) ? "–" : formatMeasure(figure.metric, value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function summary(line: Line): Row {
  const values = (line.raw ?? line.y).filter((value) => !Number.isNaN(value));
  if (values.length === 0) return { line, last: NaN, min: NaN, max: NaN };
  return { line, last: values.at(-1) ?? NaN, min: values.reduce((a, b) => Math.min(a, b)), max: values.reduce((a, b) => Math.max(a, b)) };
}

const compareRows = (a: Row, b: Row, by: SortBy) => (by === "name" ? a.line.name.localeCompare(b.line.name) : (Number.isNaN(a[by]) ? -Infinity : a[by]) - (Number.isNaN(b[by]) ? -Infinity : b[by]));

function Downloads({ figure, canvas }: { figure: Figure; canvas: React.RefObject<HTMLDivElement | null> }) {
  const name = figure.metric.replace(/[^\w.-]+/g, "-");
  return (
    <>
      <span className={styles["hint"]}>Drag to zoom, double click to reset.</span>
      <button type="button" onClick={() => { saveText(`${name}.csv`, figureAsCsv(figure)); }}>
        <Icon name="download" /> CSV
      </button>
      <button
        type="button"
        onClick={() => {
          if (canvas.current !== null) void picture(canvas.current).then((address) => { save(`${name}.png`, address); });
        }}
      >
        <Icon name="download" /> PNG
      </button>
    </>
  );
}

function saveText(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  save(name, address);
  URL.revokeObjectURL(address);
}

function save(name: string, address: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}
