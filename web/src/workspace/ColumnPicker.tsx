/** Which columns the table has, found by typing a part of their names, and counted over the runs that match. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { RunKeys } from "../api";
import { formatCount, plural } from "../format";
import { Dialog } from "../parts/Dialog";
import { Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import { ownColumns } from "../settings";
import styles from "./TableParts.module.css";
import { FACTS, isFact } from "./columns";
import type { Searched } from "./ranges";
import { switched } from "./tableState";

type Props = { project: string; searched: Searched; columns: readonly string[]; isChosen: boolean; onChange: (columns: string[] | null) => void; onClose: () => void };

/** Longer lists are for the search field. */
const MOST_SHOWN = 150;

export function ColumnPicker({ project, searched, columns, isChosen, onChange, onClose }: Props) {
  const [text, setText] = useState("");
  const { data: keys, error, refetch } = useQuery(queries.runKeys(project, searched));
  const mine = ownColumns(project);
  const own = mine.use();
  const isMine = own.length === columns.length && own.every((key, index) => key === columns[index]);
  const toggle = (key: string) => { onChange(switched(columns, key)); };
  return (
    <Dialog
      title="Columns"
      onClose={onClose}
      footer={
        <>
          <button type="button" disabled={keys === undefined} onClick={() => { if (keys !== undefined) onChange(withDiffering(columns, keys)); }}>All that differ</button>
          <button type="button" onClick={() => { onChange([]); }}>None</button>
          <button type="button" disabled={own.length === 0 || isMine} title="The columns that you kept in this project" onClick={() => { onChange(own); }}>Mine</button>
          <button type="button" disabled={isMine || columns.length === 0} title="Keep these columns as mine, in this browser" onClick={() => { mine.set([...columns]); }}>Keep as mine</button>
          <button type="button" disabled={!isChosen} onClick={() => { onChange(null); }}>Default</button>
          <button type="button" data-look="primary" onClick={onClose}>Done</button>
        </>
      }
    >
      <input className={styles["search"]} type="search" data-autofocus aria-label="Find a column" placeholder="Find a config key, a metric or a fact of runs" value={text} onChange={(event) => { setText(event.target.value); }} />
      {error !== null && <Failure what="The columns could not be fetched." error={error} onRetry={() => void refetch()} />}
      {keys === undefined ? error === null && <Outline /> : <Choices {...{ keys, columns, text: text.trim(), toggle }} />}
    </Dialog>
  );
}

/** What differs takes the place of the config that was there; metrics and the rest stay. */
function withDiffering(columns: readonly string[], { config, matched, counted_config_runs }: RunKeys): string[] {
  const counted = Math.min(matched, counted_config_runs);
  const differing = config.filter(({ value_count, run_count }) => value_count > 1 || run_count < counted).map(({ key }) => `config.${key}`);
  const others = columns.filter((key) => !key.startsWith("config."));
  const isLast = (key: string) => isFact(key) && key !== "created" && key !== "duration";
  return [...others.filter((key) => !isLast(key)), ...differing, ...others.filter(isLast)];
}

function Choices({ keys, columns, text, toggle }: { keys: RunKeys; columns: readonly string[]; text: string; toggle: (key: string) => void }) {
  const has = (name: string) => name.toLowerCase().includes(text.toLowerCase());
  const config = keys.config.filter(({ key }) => has(key));
  const metrics = keys.metrics.filter(({ name }) => has(name)).toSorted((a, b) => Number(a.kind === "system") - Number(b.kind === "system"));
  const facts = Object.entries(FACTS).filter(([, label]) => has(label));
  const strange = columns.filter((key) => !isKnown(key, keys) && has(key));
  const found = config.length + metrics.length + facts.length + strange.length;
  const within = (counted: number) => `of ${plural(counted, "run")}`;
  return (
    <>
      <ul className={styles["list"]} aria-label="Columns">
        {config.slice(0, MOST_SHOWN).map(({ key, run_count, value_count }) => (
          <Choice key={`config.${key}`} column={`config.${key}`} kind="config" label={key} {...{ columns, toggle }} note={`in ${formatCount(run_count)} ${within(keys.counted_config_runs)}, ${plural(value_count, "value")}`} />
        ))}
        {metrics.slice(0, MOST_SHOWN).map(({ name, kind, run_count }) => (
          <Choice key={`metrics.${name}`} column={`metrics.${name}`} kind={kind} label={name} {...{ columns, toggle }} note={`in ${formatCount(run_count)} ${within(keys.counted_metric_runs)}`}>
            {STATISTICS.map(([key, word]) => (
              <Part key={word} column={key(name)} label={word} name={`${name} ${word}`} {...{ columns, toggle }} />
            ))}
          </Choice>
        ))}
        {facts.map(([key, label]) => (
          <Choice key={key} column={key} kind="run" label={label} {...{ columns, toggle }} />
        ))}
        {strange.map((key) => (
          <Choice key={key} column={key} kind="other" label={key} {...{ columns, toggle }} note="in no run that matches" />
        ))}
      </ul>
      {found === 0 && <p className="muted">Nothing is called “{text}”.</p>}
      {Math.max(config.length, metrics.length) > MOST_SHOWN && <p className="muted small">The first {MOST_SHOWN} of each kind; type more of the name.</p>}
      {keys.counted_config_runs < keys.matched && <p className="muted small">Counted in the newest {formatCount(keys.counted_config_runs)} of {formatCount(keys.matched)} runs.</p>}
    </>
  );
}

const STATISTICS: readonly [(name: string) => string, string][] = [
  [(name) => `metrics.${name}.min`, "min"],
  [(name) => `metrics.${name}.max`, "max"],
  [(name) => `metrics.${name}.best`, "best"],
  [(name) => `metrics.${name}.best_step`, "step of best"],
  [(name) => `curve.${name}`, "curve"],
];

function isKnown(key: string, keys: RunKeys): boolean {
  if (isFact(key) || keys.config.some((one) => `config.${one.key}` === key)) return true;
  return keys.metrics.some(({ name }) => key === `metrics.${name}` || STATISTICS.some(([keyOf]) => keyOf(name) === key));
}

type ChoiceProps = { column: string; columns: readonly string[]; toggle: (key: string) => void };

function Choice({ column, kind, label, note, columns, toggle, children }: ChoiceProps & { kind: string; label: string; note?: string; children?: React.ReactNode }) {
  return (
    <li>
      <label>
        <input type="checkbox" checked={columns.includes(column)} onChange={() => { toggle(column); }} />
        <span className={styles["kind"]}>{kind}</span>
        <bdi className={styles["label"]} title={label}>{label}</bdi>
        {note !== undefined && <span className="muted small">{note}</span>}
      </label>
      {children !== undefined && <span className={styles["parts"]}>{children}</span>}
    </li>
  );
}

function Part({ column, label, name, columns, toggle }: ChoiceProps & { label: string; name: string }) {
  return (
    <label>
      <input type="checkbox" aria-label={name} checked={columns.includes(column)} onChange={() => { toggle(column); }} /> {label}
    </label>
  );
}
