/** What a panel draws as a table, for who does not see the picture or wants the numbers. */

import { useState } from "react";
import { formatCount } from "../format";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { Swatch } from "../parts/Run";
import { type Column, type Data, valueText } from "./data";
import tables from "../charts/FigureTable.module.css";

type Props = { title: string; data: Data; columns: readonly Column[]; rows: readonly number[] };

export function ShowData(props: Props) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button type="button" data-look="icon" aria-label={`Show ${props.title} as table`} title="Show as table" onClick={() => { setIsOpen(true); }}>
        <Icon name="table" size={14} />
      </button>
      {isOpen && <DataTable {...props} onClose={() => { setIsOpen(false); }} />}
    </>
  );
}

/** More rows than this are for the full table of the workspace. */
const MOST_ROWS = 500;

function DataTable({ title, data, columns, rows, onClose }: Props & { onClose: () => void }) {
  return (
    <Dialog title={`${title} as a table`} width="wide" onClose={onClose}>
      <div className={tables["scroll"]} tabIndex={0} role="region" aria-label={`Values of ${title}`}>
        <table className={tables["table"]}>
          <thead>
            <tr>
              <th scope="col">run</th>
              {columns.map(({ key, label }) => (
                <th key={key} scope="col">
                  <bdi>{label}</bdi>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST_ROWS).map((row) => (
              <tr key={data.ids[row]}>
                <th scope="row">
                  <Swatch hue={data.hues[row] ?? 0} /> <bdi>{data.names[row]}</bdi>
                </th>
                {columns.map((column) => (
                  <td key={column.key}>{valueText(column, row)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > MOST_ROWS && <p className="muted small">The first {MOST_ROWS} of {formatCount(rows.length)} runs.</p>}
    </Dialog>
  );
}
