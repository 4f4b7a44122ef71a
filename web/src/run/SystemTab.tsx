/** What the machine did while the run went on: each reading of all devices over time, below a metric of the run. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import type { RunDetail } from "../api";
import { Canvas } from "../charts/Tile";
import { ShowAsTable } from "../charts/ShowAsTable";
import { Tooltip } from "../charts/Tooltip";
import { type Figure, type Range, type XAxis, axisName } from "../charts/figure";
import { isHeldOut, isSystem } from "../charts/sections";
import type { ChangeSettings, ChartSettings } from "../charts/settings";
import type { SeriesStore } from "../charts/store";
import { plural } from "../format";
import { Icon } from "../parts/Icon";
import { Empty, Failure, Outline } from "../parts/Note";
import { HeatMapView } from "./HeatMapView";
import styles from "./SystemTab.module.css";
import { MOST_LINES_OF_DEVICES, type Panel, type PanelGroup, memberWord, panelsOf } from "./devices";
import { remarksOn } from "./standingOut";
import { deviceFigure, heatMap, meanFigure, spanOf } from "./systemFigure";
import { type DeviceView, type SystemView, readSystemView, writeSystemView } from "./systemView";
import { useReadings } from "./useReadings";

type Props = { run: RunDetail; store: SeriesStore; metrics: readonly string[]; settings: ChartSettings; onSettings: ChangeSettings };

export function SystemTab({ run, store, metrics, settings, onSettings }: Props) {
  const { view, change } = useSystemView();
  const scroll = useRef<HTMLDivElement>(null);
  const [isAll, setIsAll] = useState(false);
  const own = useMemo(() => Object.keys(run.metrics).filter((metric) => !isSystem(metric)), [run.metrics]);
  const beside = view.beside ?? own.find(isHeldOut) ?? own[0] ?? "";
  const groups = useMemo(() => panelsOf(metrics), [metrics]);
  const shown = isAll ? groups : groups.filter(({ name }) => name === "GPU" || name === "Host");
  const wanted = useMemo(() => [...(beside === "" ? [] : [beside]), ...(isAll ? groups : groups.filter(({ name }) => name === "GPU" || name === "Host")).flatMap(membersOf)], [beside, groups, isAll]);
  const { readings, isLoading, error } = useReadings(store, wanted);
  const figures = useMemo(() => figuresOf(run, beside, shown, readings, settings), [run, beside, shown, readings, settings]);
  const remarks = useMemo(() => remarksOn(readings), [readings]);
  const onZoom = (range: Range | null) => { onSettings({ range }); };
  if (metrics.length === 0) return <Empty title="No readings of the machine"><p>They come every ten seconds from the process that trains; <code>system_interval_s=0</code> switches them off.</p></Empty>;
  const hidden = groups.length - shown.length;
  const showPanel = (name: string) => {
    const panel = [...(scroll.current?.querySelectorAll<HTMLElement>("[data-panel]") ?? [])].find((one) => one.dataset["panel"] === name);
    if (panel === undefined) setIsAll(true);
    panel?.scrollIntoView({ block: "center" });
    panel?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  };
  const panelOf = (panel: Panel) => {
    const figure = figures.get(panel.name);
    return figure === undefined ? null : <PanelView key={panel.name} panel={panel} figure={figure} view={view.devices} isLoading={isLoading} onZoom={onZoom} />;
  };
  const besideFigure = figures.get(beside);
  return (
    <section className={styles["system"]} aria-label="System">
      <Toolbar {...{ view, change, own, beside, settings, onSettings }} />
      <div ref={scroll} className={styles["scroll"]}>
        {error !== null && <Failure what="The readings could not be fetched." error={new Error(error)} onRetry={() => { wanted.forEach((metric) => { store.retry(metric); }); }} />}
        {remarks.length > 0 && (
          <ul className={styles["remarks"]} aria-label="What stands out">
            {remarks.map(({ text, panel }) => (
              <li key={text}>
                <span aria-hidden="true">▲ </span>
                {text} <button type="button" data-look="link" aria-label={`Show: ${text}`} onClick={() => { showPanel(panel); }}>Show</button>
              </li>
            ))}
          </ul>
        )}
        {besideFigure !== undefined && (
          <div className={styles["beside"]}>
            <Drawn name={beside} title={beside} figure={besideFigure} isLoading={isLoading} onZoom={onZoom} words="1 run" />
          </div>
        )}
        {shown.map((group) => (
          <section key={group.name} aria-label={group.name}>
            <h2 className={styles["group"]}>{group.name}</h2>
            <div className={styles["grid"]}>{group.panels.map(panelOf)}</div>
          </section>
        ))}
        {hidden > 0 && (
          <p className={styles["more"]}>
            <button type="button" onClick={() => { setIsAll(true); }}>Show what the process and others used</button>
          </p>
        )}
      </div>
      <Tooltip />
    </section>
  );
}

const membersOf = ({ panels }: PanelGroup) => panels.flatMap(({ members }) => members.map(({ metric }) => metric));

function useSystemView() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const view = useMemo(() => readSystemView(search), [search]);
  const change = (changes: Partial<SystemView>) => {
    void navigate({ to: ".", search: (now: Record<string, string | undefined>) => ({ ...now, ...writeSystemView({ ...readSystemView(now), ...changes }) }), resetScroll: false });
  };
  return { view, change };
}

/** All of them over the same time: what one has zoomed to, or what they span together. */
function figuresOf(run: RunDetail, beside: string, groups: readonly PanelGroup[], readings: Parameters<typeof deviceFigure>[1], settings: ChartSettings): Map<string, Figure> {
  const isRunning = run.status === "running";
  const panels = [...(beside === "" ? [] : [{ name: beside, title: beside, members: [{ metric: beside, device: "" }] }]), ...groups.flatMap((group) => group.panels)];
  const draw = (range: Range | null) => panels.map((panel) => deviceFigure(panel, readings, { ...settings, range }, isRunning));
  const first = draw(settings.range);
  const span = settings.range ?? spanOf(first);
  const figures = span === settings.range ? first : draw(span);
  return new Map(panels.map(({ name }, index) => [name, figures[index]] as const).filter((pair): pair is [string, Figure] => pair[1] !== undefined));
}

type ToolbarProps = { view: SystemView; change: (changes: Partial<SystemView>) => void; own: readonly string[]; beside: string; settings: ChartSettings; onSettings: ChangeSettings };

const VIEWS: Record<DeviceView, string> = { auto: "as many as fit", lines: "one line each", mean: "their mean", map: "map of device by time" };
const AXES: readonly (readonly [XAxis, string])[] = [["relative_time", "since the start"], ["time", "wall time"]];

function Toolbar({ view, change, own, beside, settings, onSettings }: ToolbarProps) {
  return (
    <div className={styles["tools"]} role="toolbar" aria-label="Settings of the readings">
      <label>
        <span className="muted">Beside</span>
        <select aria-label="Metric beside the readings" value={beside} onChange={(event) => { change({ beside: event.target.value }); }}>
          {!own.includes(beside) && <option value={beside}>{beside === "" ? "no metric yet" : beside}</option>}
          {own.map((metric) => <option key={metric} value={metric}>{metric}</option>)}
        </select>
      </label>
      <label>
        <span className="muted">Devices</span>
        <select aria-label="How devices are shown" value={view.devices} onChange={(event) => { change({ devices: readSystemView({ devices: event.target.value }).devices }); }}>
          {Object.entries(VIEWS).map(([value, words]) => <option key={value} value={value}>{words}</option>)}
        </select>
      </label>
      <label>
        <span className="muted">Time</span>
        <select aria-label="Time axis" value={settings.x} onChange={(event) => { onSettings({ x: event.target.value === "time" ? "time" : "relative_time", range: null }); }}>
          {AXES.map(([value, words]) => <option key={value} value={value}>{words}</option>)}
        </select>
      </label>
      {settings.range !== null && <button type="button" onClick={() => { onSettings({ range: null }); }}>Reset zoom <Icon name="close" size={12} /></button>}
    </div>
  );
}

type PanelProps = { panel: Panel; figure: Figure; view: DeviceView; isLoading: boolean; onZoom: (range: Range | null) => void };

function PanelView({ panel, figure, view, isLoading, onZoom }: PanelProps) {
  const devices = figure.lines.length;
  const isMap = devices > 1 && memberWord(panel) === "device" && (view === "map" || (view === "auto" && devices > MOST_LINES_OF_DEVICES));
  const drawn = useMemo(() => (view === "mean" ? meanFigure(figure) : figure), [figure, view]);
  const counted = plural(devices, memberWord(panel));
  const words = devices === 1 ? "1 line" : isMap ? `a map of ${counted}` : view === "mean" ? `the mean of ${counted}` : counted;
  return <Drawn name={panel.name} title={panel.title} figure={drawn} isLoading={isLoading} onZoom={onZoom} words={words} isMap={isMap} />;
}

type DrawnProps = { name: string; title: string; figure: Figure; isLoading: boolean; onZoom: (range: Range | null) => void; words: string; isMap?: boolean };

function Drawn({ name, title, figure, isLoading, onZoom, words, isMap = false }: DrawnProps) {
  const label = `${title} over ${figure.axis === "time" ? "wall time" : axisName(figure.axis)}, ${words}`;
  const map = useMemo(() => (isMap ? heatMap(figure) : null), [isMap, figure]);
  const isEmpty = figure.lines.length === 0;
  return (
    <figure className={styles["panel"]} aria-label={label} data-panel={name} data-map={isMap}>
      <figcaption title={name}>
        <bdi className="clip">{title}</bdi>
        <span className="muted">{words}</span>
        <ShowAsTable figure={figure} />
      </figcaption>
      {isEmpty ? isLoading ? <Outline lines={3} /> : <p className="muted">Nothing was read in this stretch.</p> : map === null ? (
        <div className={styles["plot"]}><Canvas figure={figure} label={label} onZoom={onZoom} /></div>
      ) : (
        <HeatMapView map={map} axis={figure.axis} label={label} />
      )}
    </figure>
  );
}
