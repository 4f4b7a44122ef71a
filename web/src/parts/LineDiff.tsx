/** Two texts line by line, below or beside each other; what is the same in both is folded but for a little. */

import { Fragment, type ReactNode, useMemo, useState } from "react";
import { formatCount, plural } from "../format";
import { diffLayout } from "../settings";
import styles from "./LineDiff.module.css";
import { type Line, type Pair, firstLines, pairsOf, stretchesOf } from "./comparedLines";
import { useIsNarrow } from "./useIsNarrow";

const SHOWN = 1000;
const SIGNS: Record<Line["kind"], string> = { added: "+", removed: "-", same: " " };

type Props = { name: string; names: readonly [before: string, after: string]; lines: readonly Line[] | null };

export function LineDiff({ name, names, lines }: Props) {
  const isBeside = useIsBeside();
  const stretches = useMemo(() => (lines === null ? [] : stretchesOf(lines)), [lines]);
  const [opened, setOpened] = useState<readonly number[]>([]);
  const [limit, setLimit] = useState(SHOWN);
  if (lines === null) return <p className="muted">The two have too little in common to be compared line by line.</p>;
  const shown = firstLines(stretches.map((one, index) => (opened.includes(index) ? { ...one, isFolded: false } : one)), limit);
  return (
    <>
      <div className={styles["lines"]} tabIndex={0} role="region" aria-label={`Changes of ${name}`}>
        <table className={styles["code"]} data-beside={isBeside}>
          <Head names={names} isBeside={isBeside} />
          {shown.stretches.map(({ isFolded, lines: some }, index) => (
            <tbody key={index}>
              {isFolded ? <Folded lines={some} onOpen={() => { setOpened([...opened, index]); }} /> : isBeside ? pairsOf(some).map((pair, at) => <Beside key={at} pair={pair} />) : some.map((line, at) => <Unified key={at} line={line} />)}
            </tbody>
          ))}
        </table>
      </div>
      {shown.isCut && <button type="button" data-look="link" onClick={() => { setLimit(limit + SHOWN); }}>Show the next {formatCount(SHOWN)} lines</button>}
    </>
  );
}

/** Once for all texts of a page: which way is remembered. A narrow screen has room for one alone. */
export function DiffLayout() {
  const layout = diffLayout.use();
  if (useIsNarrow()) return null;
  return (
    <div className={styles["layout"]} role="group" aria-label="Lines shown">
      <button type="button" aria-pressed={layout === "unified"} onClick={() => { diffLayout.set("unified"); }}>Unified</button>
      <button type="button" aria-pressed={layout === "beside"} onClick={() => { diffLayout.set("beside"); }}>Side by side</button>
    </div>
  );
}

const useIsBeside = () => {
  const layout = diffLayout.use();
  return !useIsNarrow() && layout === "beside";
};

function Head({ names: [before, after], isBeside }: { names: Props["names"]; isBeside: boolean }) {
  if (isBeside) {
    return (
      <>
        <colgroup><col className={styles["numbers"]} /><col /><col className={styles["numbers"]} /><col /></colgroup>
        <thead><tr><th scope="col" colSpan={2}>{before}</th><th scope="col" colSpan={2}>{after}</th></tr></thead>
      </>
    );
  }
  return <thead><tr>{[before, after, "line"].map((name) => <th key={name} scope="col"><span className="visually-hidden">{name}</span></th>)}</tr></thead>;
}

const Folded = ({ lines, onOpen }: { lines: readonly Line[]; onOpen: () => void }) => (
  <tr>
    <td colSpan={4} className={styles["folded"]}>
      <button type="button" data-look="link" onClick={onOpen}>Show {plural(lines.length, "line")} that are the same<span className="visually-hidden"> from line {lines[0]?.after}</span></button>
    </td>
  </tr>
);

const Unified = ({ line }: { line: Line }) => (
  <tr>
    <td className={`number ${styles["number"] ?? ""}`}>{line.before}</td>
    <td className={`number ${styles["number"] ?? ""}`}>{line.after}</td>
    <Text line={line} />
  </tr>
);

const Beside = ({ pair: [before, after] }: { pair: Pair }) => (
  <tr>
    {([before, after] as const).map((line, index) => (
      <Fragment key={index}>
        <td className={`number ${styles["number"] ?? ""}`}>{index === 0 ? line?.before : line?.after}</td>
        {line === null ? <td data-kind="none" /> : <Text line={line} />}
      </Fragment>
    ))}
  </tr>
);

function Text({ line: { kind, text, isUnended } }: { line: Line }) {
  return (
    <td data-kind={kind}>
      <span aria-hidden="true">{SIGNS[kind]}</span>
      {marked(kind, text)}
      {isUnended && kind !== "same" && <span className="muted"> (no line break at the end)</span>}
    </td>
  );
}

function marked(kind: Line["kind"], text: string): ReactNode {
  return kind === "same" ? text : kind === "added" ? <ins>{text}</ins> : <del>{text}</del>;
}
