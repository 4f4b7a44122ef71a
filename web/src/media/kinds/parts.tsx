/** What the kinds of media have in common: what stands for one that cannot be read, heads of runs, and numbers as a table. */

import { type ReactNode, useState } from "react";
import { Dialog } from "../../parts/Dialog";
import { Icon } from "../../parts/Icon";
import { Swatch } from "../../parts/Run";
import type { Read } from "./details";
import styles from "./kinds.module.css";
import { type Piece, type Shown, isOfSeveralRuns, placeOf, runOf, titleOf } from "./piece";

export function Unreadable({ piece, reason }: { piece: Piece; reason: string }) {
  return (
    <p role="alert" className={styles["unreadable"]}>
      <strong>This {piece.kind.replaceAll("_", " ")} cannot be shown.</strong> What was logged does not describe one: {reason}.
      {piece.content_url !== null && <> <a href={piece.content_url} download>Download the file</a></>}
    </p>
  );
}

/** Of which run or which of several a piece is, where it stands with others. */
export function Head({ piece, shown }: { piece: Piece; shown: Shown }) {
  if (shown.media.length < 2) return null;
  return (
    <p className={styles["head"]}>
      {isOfSeveralRuns(shown.media) && <Swatch hue={runOf(piece, shown.runs).hue} />}
      <bdi className="clip" title={titleOf(piece, shown)}>{titleOf(piece, shown)}</bdi>
    </p>
  );
}

/** Pieces side by side, each drawn for itself, once its details are known to be some. */
export function Each<Details>({ shown, read, children }: { shown: Shown; read: (details: unknown) => Read<Details>; children: (piece: Piece, details: Details) => ReactNode }) {
  return (
    <div className={styles["each"]} data-several={shown.media.length > 1}>
      {shown.media.map((piece) => {
        const found = read(piece.details);
        return (
          <div key={placeOf(piece)} className={styles["one"]}>
            <Head piece={piece} shown={shown} />
            {found.kind === "unreadable" ? <Unreadable piece={piece} reason={found.reason} /> : children(piece, found.details)}
          </div>
        );
      })}
    </div>
  );
}

/** Which pieces say what they should, and which do not. */
export function readAll<Details>(media: readonly Piece[], read: (details: unknown) => Read<Details>): { ready: { piece: Piece; details: Details }[]; refused: { piece: Piece; reason: string }[] } {
  const found = media.map((piece) => ({ piece, read: read(piece.details) }));
  return {
    ready: found.flatMap(({ piece, read }) => (read.kind === "ready" ? [{ piece, details: read.details }] : [])),
    refused: found.flatMap(({ piece, read }) => (read.kind === "unreadable" ? [{ piece, reason: read.reason }] : [])),
  };
}

export const Refused = ({ pieces }: { pieces: readonly { piece: Piece; reason: string }[] }) => <>{pieces.map(({ piece, reason }) => <Unreadable key={piece.id} piece={piece} reason={reason} />)}</>;

export function Legend({ entries }: { entries: readonly { title: string; hue: number }[] }) {
  return (
    <ul className={styles["legend"]}>
      {entries.map(({ title, hue }) => <li key={title}><Swatch hue={hue} /><bdi>{title}</bdi></li>)}
    </ul>
  );
}

export type Numbers = { title: string; head: readonly string[]; rows: readonly (readonly (string | number)[])[]; note?: string };

/** More rows than this nobody reads in a dialog. */
const MOST_ROWS = 1000;

/** The way from a picture to what it says in words and numbers; made when it is asked for. */
export function AsTable({ what, numbers }: { what: string; numbers: () => Numbers }) {
  const [shown, setShown] = useState<Numbers | null>(null);
  return (
    <>
      <button type="button" data-look="icon" aria-label={`Show ${what} as table`} title="Show as table" onClick={() => { setShown(numbers()); }}>
        <Icon name="table" size={14} />
      </button>
      {shown !== null && (
        <Dialog title={shown.title} width="wide" onClose={() => { setShown(null); }}>
          <div className={styles["scroll"]} tabIndex={0} role="region" aria-label={shown.title}>
            <table className={styles["table"]}>
              <thead>
                <tr>{shown.head.map((name, index) => <th key={index} scope="col"><bdi>{name}</bdi></th>)}</tr>
              </thead>
              <tbody>
                {shown.rows.slice(0, MOST_ROWS).map((row, index) => (
                  <tr key={index}>{row.map((cell, column) => (column === 0 ? <th key={column} scope="row"><bdi>{cell}</bdi></th> : <td key={column}>{cell}</td>))}</tr>
                ))}
              </tbody>
            </table>
          </div>
          {shown.rows.length > MOST_ROWS && <p className="muted small">The first {MOST_ROWS} of {shown.rows.length} rows.</p>}
          {shown.note !== undefined && <p className="muted small">{shown.note}</p>}
        </Dialog>
      )}
    </>
  );
}
