/** What the runs printed, side by side: one search for all of them, and they scroll together. */

import { useState } from "react";
import { plural } from "../format";
import type { PartProps } from "./tabs";
import { ConsolePane } from "./ConsolePane";
import styles from "./Consoles.module.css";
import { ScrollLink } from "./scrollLink";
import { useCompareView } from "./useCompareView";
import { LINKS, type Link, MOST_COLUMNS } from "./view";

const WORDS: Record<Link, string> = { line: "by line", time: "by time since the start", none: "not together" };

export function Consoles({ comparison }: PartProps) {
  const { view, change } = useCompareView();
  const [text, setText] = useState(view.printed);
  const [link] = useState(() => new ScrollLink());
  const runs = comparison.runs.slice(0, MOST_COLUMNS);
  const left = comparison.runs.length - runs.length;
  return (
    <section className={styles["consoles"]} aria-label="Consoles">
      <div className={styles["tools"]}>
        <input
          type="search"
          aria-label="Find in the consoles"
          placeholder="Find in the consoles"
          value={text}
          onChange={(event) => {
            const printed = event.target.value;
            setText(printed);
            change((now) => ({ ...now, printed }), true);
          }}
        />
        <label>
          Scroll{" "}
          <select value={view.link} onChange={(event) => { change((now) => ({ ...now, link: LINKS.find((one) => one === event.target.value) ?? "line" })); }}>
            {LINKS.map((one) => (
              <option key={one} value={one}>{WORDS[one]}</option>
            ))}
          </select>
        </label>
        {left > 0 && <span className="muted">The first {runs.length} runs are here; {plural(left, "more run")} would not fit.</span>}
      </div>
      <div className={styles["panes"]} tabIndex={0} role="region" aria-label="Consoles of the runs">
        {runs.map((run) => (
          <ConsolePane key={run.id} run={run} text={text} mode={view.link} link={link} />
        ))}
      </div>
    </section>
  );
}
