/** Text with the numbers of its lines, in colours where its language is known. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Preview } from "../api";
import { formatBytes } from "../format";
import { CopyButton } from "../parts/Code";
import { Coloured } from "./Coloured";
import styles from "./previews.module.css";

/** A highlighter takes long over more, and over long lines: those stay plain. */
const MOST_COLOURED = 100_000;
const LONGEST_LINE = 2000;

export function SourceText({ text, size }: { text: NonNullable<Preview["text"]>; size: number }) {
  return (
    <>
      <Source text={text.text} language={text.language} />
      {text.is_cut && <p className="muted small">The beginning of {formatBytes(size)}.</p>}
    </>
  );
}

/** Two texts side by side, whatever the number of lines: an element for each would be slow. */
export function Source({ text, language, label = "Text" }: { text: string; language: string; label?: string }) {
  const lines = useMemo(() => text.replace(/\n$/, "").split("\n"), [text]);
  const isColoured = language !== "" && text.length <= MOST_COLOURED && lines.every((line) => line.length <= LONGEST_LINE);
  const coloured = useQuery({
    queryKey: ["coloured", language, text],
    queryFn: async () => (await import("./highlighting")).highlighted(text, language),
    enabled: isColoured,
    staleTime: Infinity,
    gcTime: 0,
  });
  return (
    <div className={styles["source"]}>
      <div className={styles["text"]} tabIndex={0} role="region" aria-label={label}>
        <pre aria-hidden="true" className={styles["numbers"]}>{lines.map((_, line) => line + 1).join("\n")}</pre>
        <pre><code>{coloured.data === undefined || coloured.data === null ? text : <Coloured parts={coloured.data} />}</code></pre>
      </div>
      <span className={styles["copy"]}><CopyButton text={text} label={`Copy: ${label}`} /></span>
    </div>
  );
}
