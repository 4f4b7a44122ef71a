/** How all charts of a page are drawn: search, x axis, smoothing, log scale, and the way out of a zoom. */

import { formatCount } from "../format";
import { Icon } from "../parts/Icon";
import { useDraft } from "../parts/useDraft";
import { type ChartSettings, readAxis } from "./settings";
import styles from "./ChartToolbar.module.css";
import { xText } from "./FigureTable";
import { type XAxis, axisName } from "./figure";

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
};

/** More than this nobody reads through; the one that is chosen is among them all the same. */
const MOST_AXES = 200;

export function ChartToolbar({ settings, onChange, matched, metrics, error, searchRef }: Props) {
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
      <Smoothing value={settings.smoothing} onChange={(smoothing) => { onChange({ smoothing }); }} />
      <button type="button" aria-pressed={settings.isLog} title="Logarithmic y axis (l)" onClick={() => { onChange({ isLog: !settings.isLog }); }}>
        log y
      </button>
      {settings.range !== null && (
        <button type="button" className={styles["chip"]} title="Reset the zoom (r)" aria-label={`Reset zoom: ${zoomText(settings)}`} onClick={() => { onChange({ range: null }); }}>
          {zoomText(settings)} <Icon name="close" size={12} />
        </button>
      )}
    </div>
  );
}

function zoomText({ x, range }: ChartSettings): string {
  if (range === null) return "";
  const [from, to] = range;
  const word = x === "step" ? "step " : "";
  return x === "step" ? `${word}${formatCount(Math.round(from))}–${formatCount(Math.round(to))}` : `${xText(x, from)} – ${xText(x, to)}`;
}

function SearchField({ settings, onChange, matched, metrics, error, searchRef }: Props) {
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

/** The charts follow while the slider moves. */
function Smoothing({ value, onChange }: { value: number; onChange: (value: number) => void }) {
  const [shown, setShown] = useDraft(value, onChange, 60);
  return (
    <label className={styles["field"]} title="Time-weighted exponential smoothing of the points on the screen; the values themselves stay behind, faintly. Keys [ and ].">
      <span className="muted">smooth</span>
      <input
        type="range"
        aria-label="Smoothing"
        min={0}
        max={0.99}
        step={0.01}
        value={shown}
        onChange={(event) => { setShown(Number(event.target.value)); }}
      />
      <output className={styles["amount"]}>{shown.toFixed(2)}</output>
    </label>
  );
}
