/** Precision-recall and ROC curves: those of all runs and classes in one figure, with what they reach at a threshold. */

import { useMemo, useState } from "react";
import { colours } from "../../charts/colours";
import { formatCount, formatNumber } from "../../format";
import { PlotArea } from "../../panels/PlotArea";
import { Swatch } from "../../parts/Run";
import { useIsDark } from "../../theme";
import { AXES, type CurveKind, type Line, curveFigure, pointAt, thresholdSpan } from "./curves";
import { readCurves } from "./details";
import styles from "./kinds.module.css";
import { AsTable, Refused, readAll } from "./parts";
import { type Shown, isOfSeveralRuns, runOf, titleOf } from "./piece";

const THRESHOLDS = 100;

export function CurveMedia(shown: Shown) {
  const isDark = useIsDark();
  const kind: CurveKind = shown.media[0]?.kind === "roc" ? "roc" : "pr_curve";
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [threshold, setThreshold] = useState<number | null>(null);
  const { ready, refused } = readAll(shown.media, readCurves);
  const isCompared = isOfSeveralRuns(shown.media);
  const lines = ready.flatMap(({ piece, details }) => details.curves.map((curve, index): Line => ({
    id: `${titleOf(piece, shown)} ${String(index)}`,
    title: shown.media.length > 1 ? `${titleOf(piece, shown)}${curve.label === "" ? "" : `: ${curve.label}`}` : curve.label || piece.name,
    // of one run the classes are told apart by colours, of several the runs are
    hue: isCompared ? runOf(piece, shown.runs).hue : details.curves.length > 1 ? index : runOf(piece, shown.runs).hue,
    dash: isCompared ? index : 0,
    curve,
  })));
  const seen = lines.filter(({ id }) => !hidden.has(id));
  const key = JSON.stringify([ready.map(({ piece }) => piece.id), [...hidden], threshold]);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the pieces are known by their ids
  const plot = useMemo(() => ({ isDark, ...curveFigure(seen, kind, threshold, colours()) }), [isDark, key, kind]);
  const span = thresholdSpan(lines);
  const { x, y, area, words } = AXES[kind];
  const name = shown.media[0]?.name ?? "";
  if (lines.length === 0) return <><Refused pieces={refused} />{refused.length === 0 && <p className="muted">There are no curves.</p>}</>;
  return (
    <figure aria-label={`${words} of ${name}: ${lines.map((line) => `${line.title}${line.curve.area === null ? "" : ` ${formatNumber(line.curve.area)}`}`).join(", ")}`}>
      <Refused pieces={refused} />
      <div className={styles["plot"]} data-size={shown.size}>
        <PlotArea plot={plot} label={`${words} of ${name}`} />
      </div>
      <div className={styles["tools"]}>
        {span !== null && (
          <label className={styles["choice"]}>
            Threshold
            <input
              type="range"
              min={0}
              max={THRESHOLDS}
              value={threshold === null ? 0 : Math.round(((threshold - span[0]) / (span[1] - span[0] || 1)) * THRESHOLDS)}
              aria-valuetext={threshold === null ? "none chosen" : formatNumber(threshold)}
              onChange={(event) => { setThreshold(span[0] + (Number(event.target.value) / THRESHOLDS) * (span[1] - span[0])); }}
            />
            <output>{threshold === null ? "none" : formatNumber(Number(threshold.toPrecision(3)))}</output>
          </label>
        )}
        <AsTable
          what={name}
          numbers={() => ({
            title: `${name} as a table`,
            head: ["curve", x, y, "threshold"],
            rows: lines.flatMap((line) => line.curve.x.map((value, index) => [line.title, formatNumber(value), formatNumber(line.curve.y[index] ?? NaN), formatNumber(line.curve.thresholds[index] ?? NaN).replace("NaN", "")])),
          })}
        />
      </div>
      <div className={styles["scroll"]} tabIndex={0} role="region" aria-label={`Curves of ${name}`}>
        <table className={styles["table"]}>
          <thead>
            <tr>
              <th scope="col">curve</th>
              <th scope="col">{area}</th>
              <th scope="col">positives</th>
              {threshold !== null && <><th scope="col">{x}</th><th scope="col">{y}</th></>}
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => <Row key={line.id} line={line} threshold={threshold} isHidden={hidden.has(line.id)} onToggle={() => { setHidden((now) => new Set(now.has(line.id) ? [...now].filter((id) => id !== line.id) : [...now, line.id])); }} />)}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

function Row({ line, threshold, isHidden, onToggle }: { line: Line; threshold: number | null; isHidden: boolean; onToggle: () => void }) {
  const at = threshold === null ? null : pointAt(line.curve, threshold);
  const number = (value: number | null | undefined) => (value === null || value === undefined ? "–" : formatNumber(value));
  return (
    <tr>
      <th scope="row">
        <label className={styles["choice"]}>
          <input type="checkbox" checked={!isHidden} onChange={onToggle} />
          <Swatch hue={line.hue} dash={line.dash % 3} />
          <bdi>{line.title}</bdi>
        </label>
      </th>
      <td>{number(line.curve.area)}</td>
      <td>{line.curve.positiveCount === null ? "–" : formatCount(line.curve.positiveCount)}</td>
      {threshold !== null && <><td>{number(at === null ? null : line.curve.x[at])}</td><td>{number(at === null ? null : line.curve.y[at])}</td></>}
    </tr>
  );
}
