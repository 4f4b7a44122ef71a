/** JSON that unfolds, and in which one finds. */

import { useMemo, useState } from "react";
import { useFew } from "../parts/useFew";
import { countOf, findIn, insideOf, readJson } from "./jsonTree";
import styles from "./previews.module.css";

/** What has this many things at most stands open at first, if it is near the top. */
const FEW = 12;
const AT_ONCE = 100;

export function JsonTree({ text }: { text: string }) {
  const read = useMemo(() => readJson(text), [text]);
  const [words, setWords] = useState("");
  const found = useMemo(() => (read.kind === "ready" && words.trim() !== "" ? findIn(read.value, words) : null), [read, words]);
  if (read.kind === "failed") return <p className={styles["note"]}>This is not JSON, so there is only its text: {read.reason}</p>;
  return (
    <>
      <div className={styles["tools"]}>
        <input type="search" aria-label="Find in the file" placeholder="Find" value={words} onChange={(event) => { setWords(event.target.value); }} />
        {found !== null && <span className="muted">{found.length === 0 ? "nothing found" : `${String(found.length)} found`}</span>}
      </div>
      <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Values">
        {found === null ? <Inside value={read.value} depth={0} /> : (
          <ul className={styles["tree"]}>
            {found.map(({ place, value }, index) => <li key={index}><span className="mono">{place}</span>: <Plain value={value} /></li>)}
          </ul>
        )}
      </div>
    </>
  );
}

function Inside({ value, depth }: { value: unknown; depth: number }) {
  const inside = insideOf(value) ?? [];
  const { shown, more } = useFew(inside, AT_ONCE);
  if (insideOf(value) === null) return <Plain value={value} />;
  return (
    <>
      <ul className={styles["tree"]}>
        {shown.map(([name, one]) => <li key={name}><Entry name={name} value={one} depth={depth} /></li>)}
      </ul>
      {more}
    </>
  );
}

function Entry({ name, value, depth }: { name: string; value: unknown; depth: number }) {
  const [isOpen, setIsOpen] = useState(depth < 2 && countOf(value) <= FEW);
  if (insideOf(value) === null) return <><bdi className={styles["value"]}>{name}</bdi>: <Plain value={value} /></>;
  return (
    <details open={isOpen} onToggle={(event) => { setIsOpen(event.currentTarget.open); }}>
      <summary><bdi className={styles["value"]}>{name}</bdi> <span className="muted">{Array.isArray(value) ? `[${String(countOf(value))}]` : `{${String(countOf(value))}}`}</span></summary>
      {isOpen && <Inside value={value} depth={depth + 1} />}
    </details>
  );
}

const Plain = ({ value }: { value: unknown }) => <span className={typeof value === "string" ? styles["string"] : undefined}>{JSON.stringify(value)}</span>;
