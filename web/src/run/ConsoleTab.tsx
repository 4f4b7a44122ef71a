/**
 * What a run printed. Lines are fetched in pages as they come on the screen, and kept; the server looks for text in all
 * of them. A running run is followed at its end until one scrolls up.
 */

import { useVirtualizer } from "@tanstack/react-virtual";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { type ConsoleText, type RunDetail, consoleAddress } from "../api";
import { formatClock, formatCount, formatMoment, plural } from "../format";
import { Icon } from "../parts/Icon";
import { Empty, Failure } from "../parts/Note";
import styles from "./ConsoleTab.module.css";
import { type Shown, useConsoleLines } from "./consoleLines";
import { type ConsoleView, MAIN, STREAMS, TIMES, firstFrom, formatOffset, placeOf, readConsoleView, writeConsoleView } from "./consoleView";
import { PrintedText } from "./PrintedText";
import { type FoundLines, useFoundLines } from "./foundLines";

const LINE_PX = 19;

export function ConsoleTab({ run }: { run: RunDetail }) {
  const isGrowing = run.status === "running" || run.status === "lost";
  const { view, change } = useConsoleView();
  const [text, setText] = useState(view.find);
  const scroll = useRef<HTMLDivElement>(null);
  const [isFollowing, setIsFollowing] = useState(isGrowing && view.line === null);
  const [total, setTotal] = useState(run.console_lines);
  const filter = { ...(view.stream === "both" ? {} : { stream: view.stream }), ...(view.process === null ? {} : { label: view.process }) };
  const isFiltered = view.stream !== "both" || view.process !== null;
  const kept = useFoundLines(run.id, isFiltered ? filter : null, total);
  const matches = useFoundLines(run.id, text === "" ? null : { q: text, regex: view.isPattern ? 1 : 0, ...filter }, total);
  const shown: Shown = isFiltered ? { kind: "some", filter, numbers: kept.numbers } : { kind: "all" };
  const lines = useConsoleLines(run.id, run.console_lines, isGrowing, shown);
  if (lines.total !== total) setTotal(lines.total);
  const count = isFiltered ? kept.numbers.length : lines.total;
  const [seen, setSeen] = useState(count);
  const numberAt = (place: number) => (isFiltered ? (kept.numbers[place] ?? 0) : place);
  const virtual = useVirtualizer({ count, getScrollElement: () => scroll.current, estimateSize: () => LINE_PX, overscan: 30 });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  const want = useEffectEvent(lines.want);
  useEffect(() => { want(first, last); }, [first, last, count]);
  useEffect(() => {
    if (isFollowing && count > 0) virtual.scrollToIndex(count - 1, { align: "end" });
  }, [isFollowing, count, virtual]);
  const show = useEffectEvent((number: number) => {
    const place = isFiltered ? firstFrom(kept.numbers, number) : number;
    if (place < count) virtual.scrollToIndex(place, { align: "center" });
  });
  const [at, setAt] = useState<number | null>(null);
  const target = at ?? (view.line === null ? null : view.line - 1);
  const isReady = count > 0 && (!isFiltered || kept.searched > 0);
  // a line that is wrapped has its height once it is here
  const isHere = target !== null && lines.at(target) !== undefined;
  useEffect(() => { if (target !== null && isReady) show(target); }, [target, isReady, isHere, view.isWrapped]);
  const step = (by: 1 | -1) => {
    const { numbers } = matches;
    if (numbers.length === 0) return;
    const from = at ?? numberAt(Math.floor((scroll.current?.scrollTop ?? 0) / LINE_PX)) - by;
    const place = by > 0 ? firstFrom(numbers, from + 1) : firstFrom(numbers, from) - 1;
    setIsFollowing(false);
    setAt(numbers[(place + numbers.length) % numbers.length] ?? null);
  };
  if (lines.total === 0) {
    return <Empty title={isGrowing ? "Nothing printed yet" : "Nothing was printed"}><p>What the training process prints appears here line by line.</p></Empty>;
  }
  const newLines = Math.max(0, count - seen);
  const digits = { "--digits": String(Math.max(5, formatCount(lines.total).length)) };
  return (
    <section className={styles["console"]} aria-label="Console">
      <div className={styles["tools"]}>
        <Finder
          {...{ text, view, matches, at, total: lines.total, step }}
          onText={(next) => {
            setText(next);
            setAt(null);
            change({ find: next }, true);
          }}
          onPattern={() => { change({ isPattern: !view.isPattern }); }}
        />
        <span className={styles["space"]} />
        <span className="muted" role="status">{isFiltered ? `${formatCount(count)} of ${plural(lines.total, "line")}` : plural(lines.total, "line")}</span>
        <Choice label="Stream" value={view.stream} onChange={(stream) => { change({ stream: STREAMS.find((one) => one === stream) ?? "both" }); }}>
          <option value="both">stdout and stderr</option>
          <option value="stdout">stdout</option>
          <option value="stderr">stderr</option>
        </Choice>
        {(lines.labels.length > 1 || view.process !== null) && (
          <Choice label="Process" value={view.process === null ? "all of them" : view.process === "" ? MAIN : view.process} onChange={(name) => { change({ process: name === "all of them" ? null : name === MAIN ? "" : name }); }}>
            <option>all of them</option>
            {lines.labels.map((label) => <option key={label}>{label === "" ? MAIN : label}</option>)}
          </Choice>
        )}
        <Choice label="Times" value={view.times} onChange={(times) => { change({ times: TIMES.find((one) => one === times) ?? "off" }); }}>
          <option value="off">no times</option>
          <option value="clock">time of day</option>
          <option value="since">since the start</option>
        </Choice>
        <label><input type="checkbox" checked={view.isWrapped} onChange={(event) => { change({ isWrapped: event.target.checked }); }} /> wrap</label>
        <label><input type="checkbox" checked={isFollowing} onChange={(event) => { setIsFollowing(event.target.checked); }} /> follow</label>
        <a className={styles["download"]} href={consoleAddress(run.id)} download aria-label="Download the console as text" title="Download as text"><Icon name="download" /></a>
      </div>
      {lines.error !== null && <Failure what="The console could not be fetched." error={lines.error} onRetry={lines.retry} />}
      {isFiltered && kept.error !== null && <Failure what="The lines could not be filtered." error={new Error(kept.error)} />}
      <div
        ref={scroll}
        className={styles["scroll"]}
        style={digits}
        data-wrap={view.isWrapped}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label="Printed lines"
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
          if (scrollHeight - scrollTop - clientHeight < 2 * LINE_PX) setSeen(count);
        }}
        onWheel={(event) => { if (event.deltaY < 0) setIsFollowing(false); }}
        onTouchMove={() => { setIsFollowing(false); }}
        onKeyDown={(event) => { if (["ArrowUp", "PageUp", "Home"].includes(event.key)) setIsFollowing(false); }}
      >
        <div className={styles["lines"]} style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const number = numberAt(index);
            return (
              <Line
                key={number}
                {...{ number, index, start }}
                line={lines.at(number)}
                time={view.times}
                startedMs={run.started_ms}
                mark={number === target ? "here" : placeOf(matches.numbers, number) >= 0 ? "match" : undefined}
                measure={view.isWrapped ? virtual.measureElement : undefined}
                onAddress={() => {
                  setAt(null);
                  setIsFollowing(false);
                  change({ line: number + 1 });
                }}
              />
            );
          })}
        </div>
      </div>
      {!isFollowing && newLines > 0 && isGrowing && (
        <button type="button" className={styles["new"]} onClick={() => { setIsFollowing(true); setSeen(count); }}>
          {plural(newLines, "new line")} ↓
        </button>
      )}
    </section>
  );
}

function useConsoleView() {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const view = useMemo(() => readConsoleView(search), [search]);
  const change = (changes: Partial<ConsoleView>, isTyping = false) => {
    void navigate({ to: ".", search: (now: Record<string, string | undefined>) => ({ ...now, ...writeConsoleView({ ...readConsoleView(now), ...changes }) }), replace: isTyping, resetScroll: false });
  };
  return { view, change };
}

type ChoiceProps = { label: string; value: string; onChange: (value: string) => void; children: ReactNode };

const Choice = ({ label, value, onChange, children }: ChoiceProps) => (
  <select aria-label={label} value={value} onChange={(event) => { onChange(event.target.value); }}>{children}</select>
);

type FinderProps = { text: string; view: ConsoleView; matches: FoundLines; at: number | null; total: number; step: (by: 1 | -1) => void; onText: (text: string) => void; onPattern: () => void };

function Finder({ text, view, matches, at, total, step, onText, onPattern }: FinderProps) {
  return (
    <>
      <input
        type="search"
        aria-label="Find in the console"
        placeholder="Find in the console"
        aria-invalid={matches.error !== null}
        value={text}
        onChange={(event) => { onText(event.target.value); }}
        onKeyDown={(event) => { if (event.key === "Enter") step(event.shiftKey ? -1 : 1); }}
      />
      <button type="button" data-look="plain" aria-pressed={view.isPattern} aria-label="Regular expression" title="Regular expression (RE2)" onClick={onPattern}>.*</button>
      {text !== "" && (
        <>
          <span className={matches.error === null ? "muted" : styles["bad"]} role="status">{matches.error ?? foundWords(matches, at, total)}</span>
          <button type="button" data-look="icon" aria-label="Previous match" title="Previous match (Shift Enter)" onClick={() => { step(-1); }}><Icon name="up" /></button>
          <button type="button" data-look="icon" aria-label="Next match" title="Next match (Enter)" onClick={() => { step(1); }}><Icon name="down" /></button>
        </>
      )}
    </>
  );
}

function foundWords({ numbers, searched }: FoundLines, at: number | null, total: number): string {
  const rank = at === null ? -1 : placeOf(numbers, at);
  const so = searched < total ? (searched === 0 ? "looking…" : ` in ${formatCount(searched)} of ${formatCount(total)} lines so far`) : "";
  if (searched === 0) return so;
  return `${rank >= 0 ? `${formatCount(rank + 1)} of ` : ""}${plural(numbers.length, "match", "matches")}${so}`;
}

type LineProps = {
  number: number;
  index: number;
  line: ConsoleText | undefined;
  start: number;
  time: ConsoleView["times"];
  startedMs: number;
  mark: "here" | "match" | undefined;
  /** Takes the height of a line that may be wrapped. */
  measure: ((element: HTMLElement | null) => void) | undefined;
  onAddress: () => void;
};

function Line({ number, index, line, start, time, startedMs, mark, measure, onAddress }: LineProps) {
  const label = formatCount(number + 1);
  return (
    <div ref={measure} data-index={index} className={styles["line"]} data-stream={line?.stream} data-mark={mark} style={{ transform: `translateY(${String(start)}px)` }}>
      <a
        className={styles["number"]}
        href={`?line=${String(number + 1)}`}
        aria-label={`Line ${label}`}
        aria-current={mark === "here" ? "location" : undefined}
        tabIndex={-1}
        onClick={(event) => {
          event.preventDefault();
          onAddress();
        }}
      >
        {label}
      </a>
      {time !== "off" && line !== undefined && <time className={styles["time"]} title={formatMoment(line.time_ms)}>{time === "clock" ? formatClock(line.time_ms) : formatOffset(line.time_ms - startedMs)}</time>}
      {line !== undefined && line.label !== "" && <span className={styles["time"]}>{line.label}</span>}
      {line?.stream === "stderr" && <span className="visually-hidden">stderr</span>}
      <span className={styles["text"]}>
        {line !== undefined && <PrintedText text={line.text} />}
      </span>
    </div>
  );
}
