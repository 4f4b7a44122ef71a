/** A value of one run beside its distance from the baseline's. */

import { Suspense, lazy, useState } from "react";
import styles from "./ComparePage.module.css";
import { type Cell, type Row, changeWord, isLong } from "./table";

const TextDiff = lazy(() => import("./TextDiff").then((module) => ({ default: module.TextDiff })));

type Props = { title: string; row: Row; cell: Cell; baseline: Cell | undefined; isBaseline: boolean; onCode: () => void };

/** Whose differences are in the code itself, which is shown apart. */
const CODE = /^(git\.commit|git\.patch\.sha256|source\.files\.|notebook\.cells\.)/;

export function ValueCell({ title, row, cell, baseline, isBaseline, onCode }: Props) {
  const word = isBaseline ? null : changeWord(title, cell, baseline);
  const isOtherCode = !isBaseline && title === "Environment" && CODE.test(row.key) && baseline !== undefined && (cell.isPresent !== baseline.isPresent || cell.value !== baseline.value);
  return (
    <td data-baseline={isBaseline}>
      <Value cell={cell} baseline={isBaseline ? undefined : baseline} />
      {cell.isBest && <span className={styles["best"]} role="img" aria-label="best" title="The best of these runs">★</span>}
      {cell.difference !== null && (
        <span className={styles["distance"]}>
          {cell.difference.absolute}
          {cell.difference.relative !== null && <> · {cell.difference.relative}</>}
          {cell.difference.word !== null && <span data-word={cell.difference.word}> {cell.difference.word}</span>}
        </span>
      )}
      {word !== null && <span className={styles["distance"]}>{word}</span>}
      {isOtherCode && <button type="button" className={styles["distance"]} data-look="link" onClick={onCode}>show diff</button>}
    </td>
  );
}

/** Absent and null are different things. */
function Value({ cell, baseline }: { cell: Cell; baseline: Cell | undefined }) {
  const { text } = cell;
  if (!cell.isPresent) return <span className="muted">{text}</span>;
  if (typeof cell.value === "number") return <span className={styles["number"]} title={`${String(cell.value)}${cell.step === null ? "" : ` at step ${String(cell.step)}`}`}>{text}</span>;
  if (!isLong(text)) return <span title={typeof cell.value === "string" && cell.value !== text ? cell.value : undefined}>{text}</span>;
  return <LongText text={text} before={baseline?.isPresent === true ? baseline.text : null} />;
}

/** Opens as the text itself or, where the baseline has another, as what differs from it. */
function LongText({ text, before }: { text: string; before: string | null }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details onToggle={(event) => { setIsOpen(event.currentTarget.open); }}>
      <summary>{text.slice(0, 60)}…</summary>
      {isOpen && (before === null || before === text ? <span className={styles["text"]}>{text}</span> : <Suspense><TextDiff before={before} after={text} /></Suspense>)}
    </details>
  );
}
