/** How all charts of a page are drawn: search, x axis, smoothing, log scale, and the way out of a zoom. */

import { formatCount } from "../format";
import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import { useDraft } from "../parts/useDraft";
import { type ChartSettings, readAxis } from "./settings";
import styles from "./ChartToolbar.module.css";
import { xText } from "./FigureTable";
import { type XAxis, axisName } from "./figure";
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

/** More than this nobody reads through; the one that is chosen is among them all the same. */
const MOST_AXES = 200;

export function ChartToolbar({ settings, onChange, matched, metrics, error, searchRef, tools }: Props) {
  const choices = new Set<XAxis>(metrics.filter((name) => !name.startsWith("system/")).slice(0, MOST_AXES).map((name) => `metric:${name}` as const));
  if (settings.x.startsWith("metric:")) choices.add(settings.x);
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
            onChange({ x: readAxis(event.target.value), range: null });
          }}
        >
          {AXES.map(([axis, label]) => (
            <option key={axis} value={axis}>
              {label}
            </option>
          ))}
          {choices.size > 0 && (
            <optgroup label="another metric">
              {[...choices].map((axis) => (
                <option key={axis} value={axis}>
                  {axisName(axis)}
                </option>
              ))}
            </optgroup>
          )}
        </select>
      </label>
      <SmoothingField label="Smoothing" value={settings.smoothing} onChange={(smoothing) => { onChange({ smoothing }); }} />
      <button type="button" aria-pressed={settings.isLog} title="Logarithmic y axis (l)" onClick={() => { onChange({ isLog: !settings.isLog }); }}>
        log y
      </button>
      {tools}
      <Menu label="More chart settings" look="icon" entries={moreSettings(settings, onChange)}>
        <Icon name="sliders" />
      </Menu>
      {settings.range !== null && (
        <button type="button" className={styles["chip"]} title="Reset the zoom (r)" aria-label={`Reset zoom: ${zoomText(settings)}`} onClick={() => { onChange({ range: null }); }}>
          {zoomText(settings)} <Icon name="close" size={12} />
        </button>
      )}
    </div>
  );
}

const moreSettings = ({ smoothing, hasBand }: ChartSettings, onChange: Props["onChange"]): MenuEntry[] => [
  { kind: "heading", label: "Smooth by" },
  ...SMOOTHINGS.map(({ kind, label }): MenuEntry => ({ kind: "choice", label, isChosen: smoothing.kind === kind, onSelect: () => { onChange({ smoothing: inKind(smoothing, kind) }); } })),
  { kind: "line" },
  { kind: "heading", label: "Thinned lines" },
  { kind: "choice", label: "Shade from least to greatest", isChosen: hasBand, onSelect: () => { onChange({ hasBand: !hasBand }); } },
];

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
