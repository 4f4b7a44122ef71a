/** Runs as lines across the axes of several keys. Ranges that are brushed on them become a filter. */

import { useMemo, useState } from "react";
import { formatCount, plural } from "../format";
import { ParallelStage } from "./ParallelStage";
import { RangeDialog } from "./RangeDialog";
import { ShowData } from "./DataTable";
import { KeyField } from "./KeyField";
import { Waiting } from "./ScatterChart";
import { TextLegend } from "./TextLegend";
import { ColourBar } from "./ColourBar";
import { colouringOf } from "./colour";
import { type Data, likelyKeys, spanOf } from "./data";
import { type Brushes, axesOf, filterOf, moved, rowsThrough } from "./parallel";
import styles from "./panels.module.css";
import { type Place, useData } from "./place";
import type { AxisChoice, ParallelPanel } from "./state";

type Props = { panel: ParallelPanel; place: Place; isEditing: boolean; onChange: (panel: ParallelPanel) => void };

/** More axes cannot be told apart. */
const MOST_AXES = 20;

export function ParallelChart({ panel, place, isEditing, onChange }: Props) {
  const likely = useMemo(() => likelyKeys(place.keys), [place.keys]);
  const keys = panel.axes.length > 0 ? panel.axes.map(({ key }) => key) : [...likely.config, ...likely.metrics.slice(0, 1)];
  const colour = panel.colour === "" ? (likely.metrics[0] ?? "") : panel.colour;
  const [brushes, setBrushes] = useState<Brushes>({});
  const [ranged, setRanged] = useState<string | null>(null);
  const loaded = useData(place, [...keys, ...Object.keys(brushes), colour]);
  const { data } = loaded;
  const keyText = keys.join("\n");
  const choices = useMemo(
    () => (panel.axes.length > 0 ? panel.axes : keyText.split("\n").map((key) => ({ key, isLog: looksLogarithmic(data, key), isInverted: false }))),
    [panel.axes, keyText, data],
  );
  const axes = useMemo(() => (data === null ? [] : axesOf(data, choices)), [data, choices]);
  const colouring = useMemo(() => (data === null ? null : colouringOf(data, colour)), [data, colour]);
  const through = useMemo(() => (data === null ? [] : rowsThrough(data, brushes)), [data, brushes]);
  const isBrushed = Object.keys(brushes).length > 0;
  const setAxes = (next: AxisChoice[]) => { onChange({ ...panel, axes: next }); };
  const change = (key: string, how: Partial<AxisChoice>) => { setAxes(choices.map((one) => (one.key === key ? { ...one, ...how } : one))); };
  const brush = (key: string, next: Brushes[string] | null) => {
    const rest = Object.entries(brushes).filter(([one]) => one !== key);
    setBrushes(Object.fromEntries(next === null ? rest : [...rest, [key, next]]));
  };
  const rangedAxis = axes.find(({ key }) => key === ranged);
  return (
    <div className={styles["chart"]}>
      {isEditing && (
        <div className={styles["settings"]} role="group" aria-label="Settings of the parallel coordinates">
          <KeyField
            label="Add an axis"
            value=""
            none="choose…"
            keys={place.keys}
            onChange={(key) => { if (key !== "" && choices.length < MOST_AXES && !choices.some((one) => one.key === key)) setAxes([...choices, { key, isLog: false, isInverted: false }]); }}
          />
          <KeyField label="colour" value={colour} keys={place.keys} none="run" onChange={(next) => { onChange({ ...panel, axes: [...choices], colour: next }); }} />
        </div>
      )}
      {data === null || colouring === null || axes.length === 0 ? (
        <Waiting loaded={loaded} isChosen={place.keys === undefined || keys.length > 0} />
      ) : (
        <>
          <div className={styles["tools"]}>
            <span className={styles["note"]} role="status">{countText(data, isBrushed ? through.length : null)}</span>
            {isBrushed && (
              <>
                {place.onFilter !== undefined && (
                  <button
                    type="button"
                    data-look="primary"
                    title={filterOf(brushes)}
                    onClick={() => {
                      place.onFilter?.(filterOf(brushes));
                      setBrushes({});
                    }}
                  >
                    Apply as filter
                  </button>
                )}
                {place.onSelect !== undefined && <button type="button" onClick={() => { place.onSelect?.(through.map((row) => data.ids[row] ?? "")); }}>Select</button>}
                <button type="button" onClick={() => { setBrushes({}); }}>Clear</button>
              </>
            )}
            <ShowData title="Parallel coordinates" data={data} columns={axes.map(({ column }) => column)} rows={through} />
          </div>
          <ParallelStage
            {...{ data, axes, colouring, through, brushes, isBrushed }}
            onBrush={brush}
            onRange={setRanged}
            onMove={(from, to) => { setAxes(moved(choices, from, to)); }}
            onInvert={(axis) => { change(axis.key, { isInverted: !axis.isInverted }); }}
            onLog={(axis) => { change(axis.key, { isLog: !axis.isLog }); }}
            onRemove={(axis) => { setAxes(choices.filter(({ key }) => key !== axis.key)); }}
          />
          <ColourBar colouring={colouring} />
          <TextLegend data={data} colour={colour} />
        </>
      )}
      {rangedAxis !== undefined && <RangeDialog axis={rangedAxis} brush={brushes[rangedAxis.key] ?? null} onBrush={(next) => { brush(rangedAxis.key, next); }} onClose={() => { setRanged(null); }} />}
    </div>
  );
}

/** Values of which the greatest is a hundred times the least were chosen by factors. */
function looksLogarithmic(data: Data | null, key: string): boolean {
  const column = data?.columns.get(key);
  const span = column === undefined || column.isText || !key.startsWith("config.") ? null : spanOf(column.numbers);
  return span !== null && span[0] > 0 && span[1] / span[0] >= 100;
}

function countText({ ids, matched }: Data, through: number | null): string {
  const all = matched > ids.length ? `the newest ${formatCount(ids.length)} of ${plural(matched, "run")}` : plural(ids.length, "run");
  return through === null ? all : `${formatCount(through)} of ${all}`;
}
