/** The axes of a chart, or of all of them, and from where to where they reach: for who does not drag. */

import { useId, useState } from "react";
import { Dialog } from "../parts/Dialog";
import styles from "./SettingsDialog.module.css";
import { type ChartView, type Range, type XAxis, type YSpan, axisName } from "./figure";
import { type Ends, endsOf, rangeOf } from "./fields";

export type Chosen = { x: XAxis; range: Range | null; ySpan: YSpan; isLog: boolean };

type Props = { title: string; view: ChartView; metrics: readonly string[]; onChange: (chosen: Chosen) => void; onClose: () => void };

const AXES: readonly XAxis[] = ["step", "relative_time", "time"];

export function SettingsDialog({ title, view, metrics, onChange, onClose }: Props) {
  const [axis, setAxis] = useState(nameOf(view.x));
  const x = axisOf(axis, metrics);
  const [across, setAcross] = useState(endsOf(view.x, view.range));
  const [height, setHeight] = useState<"auto" | "zero" | "fixed">(typeof view.ySpan === "string" ? view.ySpan : "fixed");
  const [up, setUp] = useState(endsOf("step", typeof view.ySpan === "string" ? null : view.ySpan));
  const [isLog, setIsLog] = useState(view.isLog);
  const range = x === null ? null : rangeOf(x, across);
  const fixed = height === "fixed" ? rangeOf("step", up) : null;
  const complaint =
    x === null ? `No metric is called “${axis}”.` : range === "wrong" ? "The x range ends before it begins." : height === "fixed" && (fixed === "wrong" || fixed === null) ? "A fixed height needs two numbers, the lower one first." : null;
  const names = useId();
  const form = useId();
  const submit = () => {
    if (complaint !== null || x === null || range === "wrong" || fixed === "wrong") return;
    onChange({ x, range, ySpan: height === "fixed" ? (fixed ?? "auto") : height, isLog });
    onClose();
  };
  return (
    <Dialog
      title={`Axes of ${title}`}
      onClose={onClose}
      footer={
        <>
          {complaint !== null && <span role="alert" className={styles["complaint"]}>{complaint}</span>}
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" data-look="primary" disabled={complaint !== null} form={form}>Apply</button>
        </>
      }
    >
      <form id={form} className={styles["form"]} onSubmit={(event) => { event.preventDefault(); submit(); }}>
        <label>
          <span>X axis</span>
          <input
            type="text"
            list={names}
            value={axis}
            onChange={(event) => {
              setAxis(event.target.value);
              // a range of steps means nothing on another axis
              setAcross(NO_ENDS);
            }}
          />
        </label>
        <datalist id={names}>
          {[...AXES.map(nameOf), ...metrics].map((name) => <option key={name} value={name} />)}
        </datalist>
        <EndFields what="X" kind={x === "time" ? "datetime-local" : "number"} unit={x === "relative_time" ? "s" : ""} ends={across} onEnds={setAcross} />
        <label>
          <span>Height</span>
          <select value={height} onChange={(event) => { setHeight(event.target.value === "zero" || event.target.value === "fixed" ? event.target.value : "auto"); }}>
            <option value="auto">what is shown</option>
            <option value="zero">from 0</option>
            <option value="fixed">fixed</option>
          </select>
        </label>
        {height === "fixed" && <EndFields what="Y" kind="number" unit="" ends={up} onEnds={setUp} />}
        <label className={styles["tick"]}>
          <input type="checkbox" checked={isLog} onChange={(event) => { setIsLog(event.target.checked); }} /> Logarithmic y axis
        </label>
      </form>
    </Dialog>
  );
}

const NO_ENDS: Ends = { from: "", to: "" };

type EndProps = { what: string; kind: "number" | "datetime-local"; unit: string; ends: Ends; onEnds: (ends: Ends) => void };

function EndFields({ what, kind, unit, ends, onEnds }: EndProps) {
  return (
    <div className={styles["ends"]}>
      {(["from", "to"] as const).map((end) => (
        <label key={end}>
          <span>{what} {end}{unit === "" ? "" : ` (${unit})`}</span>
          <input type={kind} step={kind === "number" ? "any" : 1} value={ends[end]} onChange={(event) => { onEnds({ ...ends, [end]: event.target.value }); }} />
        </label>
      ))}
    </div>
  );
}

const nameOf = (axis: XAxis) => (axis === "time" ? "wall time" : axisName(axis));

function axisOf(name: string, metrics: readonly string[]): XAxis | null {
  const plain = AXES.find((axis) => nameOf(axis) === name);
  return plain ?? (metrics.includes(name) ? `metric:${name}` : null);
}
