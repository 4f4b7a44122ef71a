/** The examples of a cell of a confusion matrix: the rows of its table with that actual and that predicted class. */

import { useMemo } from "react";
import { Dialog } from "../../parts/Dialog";
import { TableView } from "../../tables/TableView";
import { type TableSource, mediaTable } from "../../tables/source";
import { cellFilter } from "./confusion";
import type { Piece } from "./piece";

const FILE = "examples.json";

export function Examples({ piece, actual, predicted, onClose }: { piece: Piece; actual: string; predicted: string; onClose: () => void }) {
  const title = `Actual ${actual}, predicted ${predicted}`;
  const source = useMemo(() => within(mediaTable(piece.id, FILE), cellFilter(actual, predicted)), [piece.id, actual, predicted]);
  return (
    <Dialog title={title} width="wide" onClose={onClose}>
      <TableView source={source} label={title} />
    </Dialog>
  );
}

/** The rows of a table that fit a filter, to be filtered further. */
const within = ({ key, post }: TableSource, filter: string): TableSource => ({
  key: `${key} ${filter}`,
  post: (query, asking) => post({ ...query, filter: query.filter === undefined || query.filter.trim() === "" ? filter : `(${filter}) and (${query.filter})` }, asking),
});
