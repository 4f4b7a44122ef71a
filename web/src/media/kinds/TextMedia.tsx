/** Text: plain, as Markdown through the sanitiser, or code with the numbers of its lines. */

import { useMemo, useState } from "react";
import { formatBytes } from "../../format";
import { CopyButton } from "../../parts/Code";
import { Markdown } from "../../parts/Markdown";
import { Failure, Outline } from "../../parts/Note";
import { useContent } from "./content";
import { type Text, readText } from "./details";
import styles from "./kinds.module.css";
import { Each } from "./parts";
import type { Piece, Shown } from "./piece";

const MOST_BYTES = 1024 * 1024;
/** The sanitiser takes long over more. */
const MOST_MARKDOWN = 200_000;

export function TextMedia(shown: Shown) {
  return <Each shown={shown} read={readText}>{(piece, details) => <OneText piece={piece} details={details} />}</Each>;
}

function OneText({ piece, details }: { piece: Piece; details: Text }) {
  const content = useContent(piece.content_url, piece.size_bytes, MOST_BYTES);
  const [isSource, setIsSource] = useState(false);
  const text = useMemo(() => (content.data === undefined ? null : new TextDecoder().decode(content.data.bytes)), [content.data]);
  if (content.error !== null) return <Failure what="The text could not be fetched." error={content.error} onRetry={() => void content.refetch()} />;
  if (text === null) return piece.content_url === null ? <p className="muted">There is no text.</p> : <Outline />;
  const isMarkdown = details.format === "markdown" && text.length <= MOST_MARKDOWN;
  return (
    <>
      <div className={styles["tools"]}>
        {details.language !== "" && <span className="muted small">{details.language}</span>}
        {isMarkdown && <label className={styles["choice"]}><input type="checkbox" checked={isSource} onChange={(event) => { setIsSource(event.target.checked); }} /> Source</label>}
        <CopyButton text={text} label="Copy text" />
      </div>
      <div className={styles["text"]} tabIndex={0} role="region" aria-label={`Text of ${piece.name}`}>
        {isMarkdown && !isSource ? <Markdown text={text} /> : details.format === "code" ? <Numbered text={text} /> : <pre className={styles["plain"]}>{text}</pre>}
      </div>
      {content.data?.isCut === true && piece.content_url !== null && <p className="muted small">The first {formatBytes(MOST_BYTES)} of {formatBytes(piece.size_bytes)}. <a href={piece.content_url} download>Download all</a></p>}
    </>
  );
}

/** Two texts side by side, whatever the number of lines: an element for each would be slow. */
function Numbered({ text }: { text: string }) {
  const numbers = useMemo(() => Array.from({ length: text.replace(/\n$/, "").split("\n").length }, (_, line) => line + 1).join("\n"), [text]);
  return (
    <div className={styles["code"]}>
      <pre aria-hidden="true">{numbers}</pre>
      <pre><code>{text}</code></pre>
    </div>
  );
}
