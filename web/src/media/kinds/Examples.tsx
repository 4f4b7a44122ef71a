/** The examples of a cell of a confusion matrix: the rows of its table with that actual and that predicted class. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type TableColumn, type TablePage, api } from "../../api";
import { formatCount, formatNumber, plural } from "../../format";
import { Dialog } from "../../parts/Dialog";
import { Failure, Outline } from "../../parts/Note";
import { cellFilter } from "./confusion";
import styles from "./kinds.module.css";
import type { Piece } from "./piece";

const PAGE = 50;
const FILE = "examples.json";

export function Examples({ piece, actual, predicted, onClose }: { piece: Piece; actual: string; predicted: string; onClose: () => void }) {
  const [offset, setOffset] = useState(0);
  const query = { file: FILE, filter: cellFilter(actual, predicted), offset, limit: PAGE };
  const page = useQuery({
    queryKey: ["media table", piece.id, query],
    queryFn: ({ signal }) => api.mediaTable(piece.id, query, { signal }),
    placeholderData: (before) => before,
  });
  return (
    <Dialog title={`Actual ${actual}, predicted ${predicted}`} width="wide" onClose={onClose}>
      {page.error !== null && <Failure what="The examples could not be fetched." error={page.error} onRetry={() => void page.refetch()} />}
      {page.isPending && <Outline />}
      {page.data?.match_count === 0 && <p className="muted">There are no examples in this cell.</p>}
      {page.data !== undefined && page.data.match_count > 0 && <Rows page={page.data} offset={offset} onOffset={setOffset} />}
    </Dialog>
  );
}

function Rows({ page, offset, onOffset }: { page: TablePage; offset: number; onOffset: (offset: number) => void }) {
  return (
    <>
      <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Examples">
        <table className={styles["table"]}>
          <thead>
            <tr>{page.columns.map(({ name }) => <th key={name} scope="col"><bdi>{name}</bdi></th>)}</tr>
          </thead>
          <tbody>
            {page.rows.map((row, index) => (
              <tr key={index}>{page.columns.map((column, place) => <td key={column.name}><Value value={row[place]} column={column} /></td>)}</tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className={styles["tools"]}>
        <span className="muted small">{plural(page.match_count, "example")}{page.is_cut && " among the rows that are read"}</span>
        {page.match_count > PAGE && (
          <>
            <button type="button" disabled={offset === 0} onClick={() => { onOffset(Math.max(0, offset - PAGE)); }}>Previous</button>
            <span>{formatCount(offset + 1)}–{formatCount(offset + page.rows.length)}</span>
            <button type="button" disabled={offset + PAGE >= page.match_count} onClick={() => { onOffset(offset + PAGE); }}>Next</button>
          </>
        )}
      </div>
    </>
  );
}

function Value({ value, column }: { value: unknown; column: TableColumn }) {
  if (value === null || value === undefined) return null;
  if (column.type === "media") return <MediaValue value={value} />;
  if (typeof value === "number") return formatNumber(value);
  return <bdi>{typeof value === "string" ? value : JSON.stringify(value)}</bdi>;
}

/** An image is shown, anything else can be fetched. */
function MediaValue({ value }: { value: unknown }) {
  if (typeof value !== "object" || value === null || !("content_url" in value) || typeof value.content_url !== "string") return <span className="muted">missing</span>;
  const caption = "caption" in value && typeof value.caption === "string" ? value.caption : "";
  const kind = "kind" in value && typeof value.kind === "string" ? value.kind : "file";
  if (kind === "image") return <img className={styles["example"]} src={value.content_url} alt={caption || "example"} loading="lazy" />;
  return <a href={value.content_url} download>{caption || kind}</a>;
}
