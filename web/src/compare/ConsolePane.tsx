/** What one of the compared runs printed. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { type RunRow, api } from "../api";
import { formatCount, plural } from "../format";
import { Icon } from "../parts/Icon";
import { Failure } from "../parts/Note";
import { RunLink } from "../parts/Run";
import { client } from "../queries";
import { PrintedText } from "../run/PrintedText";
import lineStyles from "../run/ConsoleTab.module.css";
import { type Shown, useConsoleLines } from "../run/consoleLines";
import { firstFrom, formatOffset, placeOf } from "../run/consoleView";
import { useFoundLines } from "../run/foundLines";
import styles from "./Consoles.module.css";
import { type Moment, type ScrollLink, firstLineFrom } from "./scrollLink";
import type { Link } from "./view";

const LINE_PX = 19;
const ALL: Shown = { kind: "all" };

type Props = { run: RunRow; text: string; mode: Link; link: ScrollLink };

export function ConsolePane({ run, text, mode, link }: Props) {
  const isGrowing = run.status === "running" || run.status === "lost";
  const lines = useConsoleLines(run.id, 0, isGrowing, ALL);
  const matches = useFoundLines(run.id, text === "" ? null : { q: text }, lines.total);
  const scroll = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | null>(null);
  const virtual = useVirtualizer({ count: lines.total, getScrollElement: () => scroll.current, estimateSize: () => LINE_PX, overscan: 30 });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  const want = useEffectEvent(lines.want);
  useEffect(() => { want(first, last); }, [first, last, lines.total]);
  const asked = useRef(0);
  const goTo = (line: number) => { if (scroll.current !== null) scroll.current.scrollTop = line * LINE_PX; };
  const follow = useEffectEvent((moment: Moment) => {
    asked.current += 1;
    const turn = asked.current;
    if (mode === "line") goTo(moment.line);
    if (mode !== "time" || moment.sinceStartMs === null) return;
    const found = firstLineFrom(run.started_ms + moment.sinceStartMs, lines.total, (line) => timeOf(run, line));
    // a page that could not be fetched is told where its lines should be
    found.then((line) => { if (turn === asked.current) goTo(line); }, lines.retry);
  });
  useEffect(() => link.follow(run.id, (moment) => { follow(moment); }), [link, run.id]);
  const lead = () => { link.lead(run.id); };
  const step = (by: 1 | -1) => {
    const { numbers } = matches;
    const from = at ?? Math.floor((scroll.current?.scrollTop ?? 0) / LINE_PX) - by;
    const place = by > 0 ? firstFrom(numbers, from + 1) : firstFrom(numbers, from) - 1;
    const next = numbers[(place + numbers.length) % numbers.length];
    if (next === undefined) return;
    lead();
    setAt(next);
    goTo(next);
  };
  return (
    <section className={styles["pane"]} aria-label={`Console of ${run.name}`} onPointerEnter={lead} onFocus={lead} onKeyDown={lead} onWheel={lead} onTouchStart={lead}>
      <h2 className={styles["head"]}>
        <RunLink run={run} />
        {text === "" ? (
          <span className="muted small">{plural(lines.total, "line")}</span>
        ) : (
          <>
            <span className="muted small" role="status">{matches.error ?? plural(matches.numbers.length, "match", "matches")}</span>
            <button type="button" data-look="icon" disabled={matches.numbers.length === 0} aria-label={`Previous match of ${run.name}`} onClick={() => { step(-1); }}><Icon name="up" size={14} /></button>
            <button type="button" data-look="icon" disabled={matches.numbers.length === 0} aria-label={`Next match of ${run.name}`} onClick={() => { step(1); }}><Icon name="down" size={14} /></button>
          </>
        )}
      </h2>
      {lines.error !== null && <Failure what="The console could not be fetched." error={lines.error} onRetry={lines.retry} />}
      {lines.total === 0 && lines.error === null && <p className={styles["none"]}>{isGrowing ? "Nothing printed yet." : "Nothing was printed."}</p>}
      <div
        ref={scroll}
        className={lineStyles["scroll"]}
        style={{ "--digits": String(Math.max(3, formatCount(lines.total).length)) }}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={`What ${run.name} printed`}
        onScroll={(event) => {
          const line = Math.round(event.currentTarget.scrollTop / LINE_PX);
          const printed = lines.at(line);
          link.tell(run.id, { line, sinceStartMs: printed === undefined ? null : printed.time_ms - run.started_ms });
        }}
      >
        <div className={lineStyles["lines"]} style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const line = lines.at(index);
            const mark = index === at ? "here" : placeOf(matches.numbers, index) >= 0 ? "match" : undefined;
            return (
              <div key={index} className={lineStyles["line"]} data-stream={line?.stream} data-mark={mark} style={{ transform: `translateY(${String(start)}px)` }}>
                <span className={lineStyles["number"]}>{formatCount(index + 1)}</span>
                {mode === "time" && line !== undefined && <span className={lineStyles["time"]}>{formatOffset(line.time_ms - run.started_ms)}</span>}
                {line?.stream === "stderr" && <span className="visually-hidden">stderr</span>}
                <span className={lineStyles["text"]}>{line !== undefined && <PrintedText text={line.text} />}</span>
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}

const PAGE = 1000;

/** When a line was printed. The page that it is on is kept, since its neighbours are asked for next. */
async function timeOf(run: RunRow, line: number): Promise<number> {
  const page = Math.floor(line / PAGE);
  const { lines } = await client.fetchQuery({
    queryKey: ["console", run.id, page],
    queryFn: () => api.console(run.id, { start: page * PAGE, limit: PAGE }),
    staleTime: ({ state }) => (state.data !== undefined && state.data.lines.length < PAGE ? 0 : Infinity),
  });
  return lines[line - page * PAGE]?.time_ms ?? Infinity;
}
