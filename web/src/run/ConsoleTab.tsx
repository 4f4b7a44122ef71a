/**
 * What a run printed. Lines are fetched in pages as they come on the screen, and kept; a running run is followed at its
 * end until one scrolls up.
 */

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import type { ConsoleText, RunDetail } from "../api";
import { formatClock, formatCount, plural } from "../format";
import { Icon } from "../parts/Icon";
import { Empty, Failure } from "../parts/Note";
import styles from "./ConsoleTab.module.css";
import { partsOf, plainText } from "./ansi";
import { useConsoleLines } from "./consoleLines";

const LINE_PX = 19;

export function ConsoleTab({ run }: { run: RunDetail }) {
  const isGrowing = run.status === "running" || run.status === "lost";
  const lines = useConsoleLines(run.id, run.console_lines, isGrowing);
  const scroll = useRef<HTMLDivElement>(null);
  const [isFollowing, setIsFollowing] = useState(isGrowing);
  const [seen, setSeen] = useState(lines.total);
  const [hasTimes, setHasTimes] = useState(false);
  const search = useConsoleSearch(lines);
  const virtual = useVirtualizer({ count: lines.total, getScrollElement: () => scroll.current, estimateSize: () => LINE_PX, overscan: 30 });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  const want = useEffectEvent(lines.want);
  useEffect(() => { want(first, last); }, [first, last, lines.total]);
  useEffect(() => {
    if (isFollowing && lines.total > 0) virtual.scrollToIndex(lines.total - 1, { align: "end" });
  }, [isFollowing, lines.total, virtual]);
  const goTo = (number: number | null) => {
    if (number === null) return;
    setIsFollowing(false);
    virtual.scrollToIndex(number, { align: "center" });
  };
  const newLines = Math.max(0, lines.total - seen);
  if (lines.total === 0) {
    return <Empty title={isGrowing ? "Nothing printed yet" : "Nothing was printed"}><p>What the training process prints appears here line by line.</p></Empty>;
  }
  return (
    <section className={styles["console"]} aria-label="Console">
      <div className={styles["tools"]}>
        <input
          type="search"
          aria-label="Find in the console"
          placeholder="Find in the console"
          value={search.text}
          onChange={(event) => { search.setText(event.target.value); }}
          onKeyDown={(event) => { if (event.key === "Enter") goTo(search.step(event.shiftKey ? -1 : 1)); }}
        />
        {search.text !== "" && (
          <>
            <span className="muted" role="status">{search.note}</span>
            <button type="button" data-look="icon" aria-label="Previous match" title="Previous match (Shift Enter)" onClick={() => { goTo(search.step(-1)); }}><Icon name="up" /></button>
            <button type="button" data-look="icon" aria-label="Next match" title="Next match (Enter)" onClick={() => { goTo(search.step(1)); }}><Icon name="down" /></button>
          </>
        )}
        <span className={styles["space"]} />
        <span className="muted">{plural(lines.total, "line")}</span>
        <label><input type="checkbox" checked={hasTimes} onChange={(event) => { setHasTimes(event.target.checked); }} /> times</label>
        <label><input type="checkbox" checked={isFollowing} onChange={(event) => { setIsFollowing(event.target.checked); }} /> follow</label>
      </div>
      {lines.error !== null && <Failure what="The console could not be fetched." error={lines.error} onRetry={lines.retry} />}
      <div
        ref={scroll}
        className={styles["scroll"]}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label="Printed lines"
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
          const isAtEnd = scrollHeight - scrollTop - clientHeight < 2 * LINE_PX;
          if (isAtEnd) setSeen(lines.total);
        }}
        onWheel={(event) => { if (event.deltaY < 0) setIsFollowing(false); }}
        onKeyDown={(event) => { if (["ArrowUp", "PageUp", "Home"].includes(event.key)) setIsFollowing(false); }}
      >
        <div className={styles["lines"]} style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start }) => (
            <Line key={index} number={index} line={lines.at(index)} start={start} hasTime={hasTimes} isMatch={search.current === index} />
          ))}
        </div>
      </div>
      {!isFollowing && newLines > 0 && isGrowing && (
        <button type="button" className={styles["new"]} onClick={() => { setIsFollowing(true); setSeen(lines.total); }}>
          {plural(newLines, "new line")} ↓
        </button>
      )}
    </section>
  );
}

type LineProps = { number: number; line: ConsoleText | undefined; start: number; hasTime: boolean; isMatch: boolean };

function Line({ number, line, start, hasTime, isMatch }: LineProps) {
  const parts = useMemo(() => (line === undefined ? [] : partsOf(line.text)), [line]);
  return (
    <div className={styles["line"]} data-stream={line?.stream} data-match={isMatch} style={{ transform: `translateY(${String(start)}px)` }}>
      <span className={styles["number"]}>{formatCount(number + 1)}</span>
      {hasTime && line !== undefined && <span className={styles["time"]}>{formatClock(line.time_ms)}</span>}
      {line !== undefined && line.label !== "" && <span className={styles["time"]}>{line.label}</span>}
      {line?.stream === "stderr" && <span className="visually-hidden">stderr</span>}
      <span className={styles["text"]}>
        {parts.map((part, index) => (
          <span
            key={index}
            style={{
              color: part.colour ?? undefined,
              backgroundColor: part.background ?? undefined,
              fontWeight: part.isBold ? 600 : undefined,
              opacity: part.isDim ? 0.7 : undefined,
              fontStyle: part.isItalic ? "italic" : undefined,
              textDecoration: part.isUnderlined ? "underline" : undefined,
            }}
          >
            {part.text}
          </span>
        ))}
      </span>
    </div>
  );
}

/** Searches the lines that are here, and fetches the rest while one searches. */
function useConsoleSearch(lines: ReturnType<typeof useConsoleLines>) {
  const [text, setText] = useState("");
  const [current, setCurrent] = useState<number | null>(null);
  const isSearching = text !== "";
  const fetchAll = useEffectEvent(lines.wantAll);
  useEffect(() => { if (isSearching) fetchAll(); }, [isSearching, lines.fetched]);
  const { at, fetched, total } = lines;
  const matches = useMemo(() => {
    const wanted = text.toLowerCase();
    if (wanted === "" || fetched === 0) return [];
    const found: number[] = [];
    for (let number = 0; number < total; number += 1) {
      const line = at(number);
      if (line !== undefined && plainText(line.text).toLowerCase().includes(wanted)) found.push(number);
    }
    return found;
  }, [text, fetched, total, at]);
  const rank = current === null ? -1 : matches.indexOf(current);
  const searched = lines.fetched < lines.total ? ` in ${formatCount(lines.fetched)} of ${formatCount(lines.total)} lines so far` : "";
  return {
    text,
    setText: (next: string) => {
      setText(next);
      setCurrent(null);
    },
    current,
    note: `${rank >= 0 ? `${formatCount(rank + 1)} of ` : ""}${plural(matches.length, "match", "matches")}${searched}`,
    step: (by: 1 | -1): number | null => {
      if (matches.length === 0) return null;
      const next = matches[(rank + by + matches.length) % matches.length] ?? matches[0] ?? null;
      setCurrent(next);
      return next;
    },
  };
}
