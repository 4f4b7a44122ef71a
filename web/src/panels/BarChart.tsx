/** One value as bars: of each run, or as the mean of the runs that share another value. */

import { useMemo } from "react";
import { spotlight } from "../charts/cursor";
import { formatCount, plural } from "../format";
import { Swatch } from "../parts/Run";
import { ShowData } from "./DataTable";
import { KeyField } from "./KeyField";
import { Waiting } from "./ScatterChart";
import { type Bar, barsOf } from "./bars";
import { likelyKeys, numberText } from "./data";
import styles from "./panels.module.css";
import { type Place, useData } from "./place";
import type { BarPanel } from "./state";

type Props = { panel: BarPanel; place: Place; isEditing: boolean; onChange: (panel: BarPanel) => void };

export function BarChart({ panel, place, isEditing, onChange }: Props) {
  const value = panel.value === "" ? (likelyKeys(place.keys).metrics[0] ?? "") : panel.value;
  const loaded = useData(place, [value, panel.by]);
  const { data } = loaded;
  const figure = useMemo(() => (data === null ? null : barsOf(data, value, panel.by)), [data, value, panel.by]);
  const column = data?.columns.get(value);
  return (
    <div className={styles["chart"]}>
      {isEditing && (
        <div className={styles["settings"]} role="group" aria-label="Bar settings">
          <KeyField label="value" value={value} keys={place.keys} onChange={(next) => { onChange({ ...panel, value: next }); }} />
          <KeyField label="mean by" value={panel.by} keys={place.keys} none="run" onChange={(by) => { onChange({ ...panel, by }); }} />
        </div>
      )}
      {data === null || figure === null || column === undefined ? (
        <Waiting loaded={loaded} isChosen={place.keys === undefined || value !== ""} />
      ) : (
        <>
          <div className={styles["tools"]}>
            <span className={styles["note"]}>
              {figure.shown < figure.count ? `the first ${formatCount(figure.shown)} of ` : ""}
              {panel.by === "" ? plural(figure.count, "run") : plural(figure.count, "value")}
              {data.matched > data.ids.length ? `, of the newest ${formatCount(data.ids.length)} runs` : ""}
              {figure.missing > 0 ? `, ${formatCount(figure.missing)} without ${column.label}` : ""}
            </span>
            <ShowData title={`Bars of ${column.label}`} data={data} columns={[...data.columns.values()]} rows={figure.rows} />
          </div>
          <ul className={styles["bars"]} aria-label={`Bars of ${column.label}`} tabIndex={0}>
            {figure.bars.map((bar) => (
              <BarLine key={bar.key} bar={bar} span={figure.span} text={numberText(value, bar.value)} />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function BarLine({ bar, span: [low, high], text }: { bar: Bar; span: readonly [number, number]; text: string }) {
  const at = (value: number) => `${String(high === low ? 0 : ((value - low) / (high - low)) * 100)}%`;
  const [from, to] = [Math.min(0, bar.value), Math.max(0, bar.value)];
  return (
    <li onPointerEnter={() => { spotlight.set(bar.run); }} onPointerLeave={() => { spotlight.set(null); }}>
      <span className="clip" title={bar.label}>
        <Swatch hue={bar.hue} /> <bdi>{bar.label}</bdi>
        {bar.count !== null && <span className="muted"> {bar.count}</span>}
      </span>
      <span className={styles["barRoom"]} aria-hidden="true">
        <span style={{ left: at(from), width: `calc(${at(to)} - ${at(from)})`, background: `var(--hue-${String(bar.hue % 10)})` }} />
      </span>
      <span className="number" title={String(bar.value)}>{text}</span>
    </li>
  );
}
