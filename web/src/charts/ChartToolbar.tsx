/** How all charts of a page are drawn: search, x axis, smoothing, log scale, and the way out of a zoom. */

import { Suspense, lazy, useState } from "react";
import { formatCount } from "../format";
import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import { useDraft } from "../parts/useDraft";
import { readAxis } from "./axes";
import type { ChartSettings } from "./settings";
import styles from "./ChartToolbar.module.css";
import { xText } from "./ticks";
import { type Shade, type XAxis, type YSpan, axisName } from "./figure";
import { SmoothingField } from "./SmoothingField";
import { SMOOTHINGS, inKind } from "./smoothing";

const AXES: readonly [XAxis, string][] = [
  ["step", "step"],
  ["relative_time", "relative time"],
  ["time", "wall time"],
];

type Props = {
  settings: ChartSettings;
  onChange: (settings: Partial<ChartSettings>) => void;
  matched: number;
  metrics: readonly string[];
  error: string | null;
  searchRef: React.RefObject<HTMLInputElement | null>;
  tools: React.ReactNode;
};

const AxisPicker = lazy(() => import("./AxisPicker").then((module) => ({ default: module.AxisPicker })));
const SettingsDialog = lazy(() => import("./SettingsDialog").then((module) => ({ default: module.SettingsDialog })));

const OTHER = "another";
const isEpoch = (metric: string) => /(^|\/)epochs?$/i.test(metric);

export function ChartToolbar({ settings, onChange, matched, metrics, error, searchRef, tools }: Props) {
  const [open, setOpen] = useState<"axis" | "ranges" | null>(null);
  const close = () => { setOpen(null); };
  const epochs: XAxis[] = metrics.filter(isEpoch).map((name): XAxis => `metric:${name}`);
  const choices = new Set<XAxis>(settings.x.startsWith("metric:") ? [...epochs, settings.x] : epochs);
  return (
    <div className={styles["toolbar"]} role="toolbar" aria-label="Chart settings">
      <SearchField {...{ settings, onChange, matched, metrics, error, searchRef }} />
      <label className={styles["field"]}>
        <span className="muted">x</span>
        <select
          aria-label="X axis"
          value={settings.x}
          onChange={(event) => {
            // a range of steps means nothing on another axis
            if (event.target.value === OTHER) setOpen("axis");
            else onChange({ x: readAxis(event.target.value), range: null });
          }}
        >
          {AXES.map(([axis, label]) => (
            <option key={axis} value={axis}>
              {label}
            </option>
          ))}
          {[...choices].map((axis) => (
            <option key={axis} value={axis}>
              {axisName(axis)}
            </option>
          ))}
          <option value={OTHER}>another metric…</option>
        </select>
      </label>
      <SmoothingField label="Smoothing" value={settings.smoothing} onChange={(smoothing) => { onChange({ smoothing }); }} />
      <button type="button" aria-pressed={settings.isLog} title="Logarithmic y axis (l)" onClick={() => { onChange({ isLog: !settings.isLog }); }}>
        log y
      </button>
      {tools}
      <Menu label="More chart settings" look="icon" entries={moreSettings(settings, onChange, () => { setOpen("ranges"); })}>
        <Icon name="sliders" />
      </Menu>
      {settings.range !== null && (
        <button type="button" className={styles["chip"]} title="Reset the zoom (r)" aria-label={`Reset zoom: ${zoomText(settings)}`} onClick={() => { onChange({ range: null }); }}>
          {zoomText(settings)} <Icon name="close" size={12} />
        </button>
      )}
      {open !== null && (
        <Suspense>
          {open === "axis" ? (
            <AxisPicker axis={settings.x} metrics={metrics} onClose={close} onChoose={(x) => { onChange({ x, range: null }); close(); }} />
          ) : (
            <SettingsDialog title="all charts" view={settings} metrics={metrics} onChange={onChange} onClose={close} />
          )}
        </Suspense>
      )}
    </div>
  );
}

const SHADES: readonly [Shade, string][] = [["dense", "Above 20 points a pixel"], ["always", "On every thinned line"], ["never", "Never"]];
const HEIGHTS: readonly [YSpan, string][] = [["auto", "What is shown"], ["zero", "From 0"]];

const moreSettings = (settings: ChartSettings, onChange: Props["onChange"], onRanges: () => void): MenuEntry[] => [
  { kind: "do", label: "Axes and ranges…", onSelect: onRanges },
  choice("Zoom all charts together", settings.isSynced, () => { onChange({ isSynced: !settings.isSynced }); }),
  choice("Ignore outliers", settings.isWithoutOutliers, () => { onChange({ isWithoutOutliers: !settings.isWithoutOutliers }); }),
  { kind: "heading", label: "Height" },
  ...HEIGHTS.map(([ySpan, label]) => choice(label, settings.ySpan === ySpan, () => { onChange({ ySpan }); })),
  { kind: "heading", label: "Smooth by" },
  ...SMOOTHINGS.map(({ kind, label }) => choice(label, settings.smoothing.kind === kind, () => { onChange({ smoothing: inKind(settings.smoothing, kind) }); })),
  choice("Values behind the smoothed", settings.hasRaw, () => { onChange({ hasRaw: !settings.hasRaw }); }),
  { kind: "heading", label: "Shade from least to greatest" },
  ...SHADES.map(([shade, label]) => choice(label, settings.shade === shade, () => { onChange({ shade }); })),
];

const choice = (label: string, isChosen: boolean, onSelect: () => void): MenuEntry => ({ kind: "choice", label, isChosen, onSelect });

function zoomText({ x, range }: ChartSettings): string {
  if (range === null) return "";
  const [from, to] = range;
  const word = x === "step" ? "step " : "";
  return x === "step" ? `${word}${formatCount(Math.round(from))}–${formatCount(Math.round(to))}` : `${xText(x, from)} – ${xText(x, to)}`;
}

function SearchField({ settings, onChange, matched, metrics, error, searchRef }: Omit<Props, "tools">) {
  const [draft, setDraft] = useDraft(settings.search, (search) => { onChange({ search }); }, 80);
  return (
    <div className={styles["search"]}>
      <input
        ref={searchRef}
        type="search"
        aria-label="Find charts"
        aria-invalid={error !== null}
        aria-describedby="chart-search-note"
        placeholder="Find charts: text or regex  /"
        value={draft}
        onChange={(event) => { setDraft(event.target.value); }}
      />
      <span id="chart-search-note" role="status" className={error === null ? "muted small" : styles["error"]}>
        {error !== null ? error : settings.search === "" ? "" : `${formatCount(matched)} of ${formatCount(metrics.length)}`}
      </span>
    </div>
  );
}
