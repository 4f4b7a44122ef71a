/** HTML, SVG and Plotly figures: what people logged runs in a frame that can reach nothing, and can be read as text. */

import { useState } from "react";
import { formatBytes } from "../../format";
import { Dialog } from "../../parts/Dialog";
import { Failure, Outline } from "../../parts/Note";
import { useIsDark } from "../../theme";
import { useContent } from "./content";
import styles from "./kinds.module.css";
import { Head } from "./parts";
import { type Piece, type Shown, placeOf, titleOf } from "./piece";
import { figureTexts, wordsOf } from "./words";

const MOST_BYTES = 4 * 1024 * 1024;

export function FramedMedia(shown: Shown) {
  const theme = useIsDark() ? "dark" : "light";
  return (
    <div className={styles["each"]} data-several={shown.media.length > 1}>
      {shown.media.map((piece) => (
        <div key={placeOf(piece)} className={styles["one"]}>
          <Head piece={piece} shown={shown} />
          {piece.frame_url === null ? (
            <p className="muted">There is nothing to show.</p>
          ) : (
            // what a run logged is hostile: it gets scripts but neither our origin nor our cookies
            <iframe className={styles["frame"]} data-size={shown.size} title={`${piece.name}, ${titleOf(piece, shown)}, step ${String(piece.step)}`} sandbox="allow-scripts" src={`${piece.frame_url}?theme=${theme}`} loading="lazy" />
          )}
          <AsText piece={piece} />
        </div>
      ))}
    </div>
  );
}

function AsText({ piece }: { piece: Piece }) {
  const [isOpen, setIsOpen] = useState(false);
  if (piece.content_url === null) return null;
  return (
    <div className={styles["tools"]}>
      <button type="button" onClick={() => { setIsOpen(true); }}>Show as text</button>
      <a href={piece.content_url} download>Download</a>
      <span className="muted small">{formatBytes(piece.size_bytes)}</span>
      {isOpen && (
        <Dialog title={`${piece.name} as text`} width="wide" onClose={() => { setIsOpen(false); }}>
          <Words piece={piece} address={piece.content_url} />
        </Dialog>
      )}
    </div>
  );
}

function Words({ piece, address }: { piece: Piece; address: string }) {
  const content = useContent(address, piece.size_bytes, MOST_BYTES);
  if (content.error !== null) return <Failure what="The file could not be fetched." error={content.error} onRetry={() => void content.refetch()} />;
  if (content.data === undefined) return <Outline />;
  const source = new TextDecoder().decode(content.data.bytes);
  const text = piece.kind === "plotly" ? figureTexts(source) : wordsOf(source);
  return (
    <>
      <pre className={styles["plain"]} tabIndex={0}>{text === "" ? "There are no words in it." : text}</pre>
      {content.data.isCut && <p className="muted small">Of the first {formatBytes(MOST_BYTES)}.</p>}
    </>
  );
}
