/** The numbers of a figure as a table, for who does not see the picture or wants the numbers. */

import { formatNumber } from "../format";
import { Dialog } from "../parts/Dialog";
import { Swatch } from "../parts/Run";
import styles from "./FigureTable.module.css";
import { type Figure, type Line, axisName, labelOf, titleOf } from "./figure";
import { xText } from "./ticks";

/** More rows than this are for the CSV of the enlarged view. */
const MOST_ROWS = 500;

export function FigureTable({ figure, onClose }: { figure: Figure; onClose: () => void }) {
  const xs = [...new Set(figure.lines.flatMap((line) => [...line.x]))].filter((x) => x >= figure.x[0] && x <= figure.x[1]).sort((a, b) => a - b);
  const rows = xs.slice(0, MOST_ROWS);
  const values = figure.lines.map((line) => new Map(Array.from(line.x, (x, index) => [x, (line.raw ?? line.y)[index] ?? NaN])));
  return (
    <Dialog title={`${figure.metric} as a table`} width="wide" onClose={onClose}>
      <div className={styles["scroll"]} tabIndex={0} role="region" aria-label={`Values of ${figure.metric}`}>
        <table className={styles["table"]}>
          <thead>
            <tr>
              <th scope="col">{axisName(figure.axis)}</th>
              {figure.lines.map((line) => (
                <th key={line.id} scope="col">
                  <Head line={line} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((x) => (
              <tr key={x}>
                <th scope="row">{xText(figure.axis, x)}</th>
                {values.map((byX, index) => (
                  <td key={index}>{cell(byX.get(x))}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {xs.length > rows.length && <p className="muted small">The first {MOST_ROWS} of {xs.length} rows. Enlarge the chart to download all of them.</p>}
    </Dialog>
  );
}

function Head({ line }: { line: Line }) {
  return (
    <span className={styles["head"]}>
      <Swatch hue={line.hue} dash={line.dash} />
      <bdi className="clip" title={titleOf(line)}>{labelOf(line)}</bdi>
    </span>
  );
}

const cell = (value: number | undefined) => (value === undefined ? "" : Number.isNaN(value) ? "NaN" : formatNumber(value));
