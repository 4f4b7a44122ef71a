/** What differs between runs, in three sections, each value beside its distance from the baseline's. */

import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { Comparison, RunRow } from "../api";
import { formatNumber, formatValue, plural } from "../format";
import { StatusMark, Swatch } from "../parts/Run";
import { PromoteRun } from "../models/PromoteRun";
import styles from "./ComparePage.module.css";
import { differenceOf } from "./difference";
import type { PartProps } from "./tabs";

type Statistic = "last" | "min" | "max";
type Row = { key: string; differs: boolean; values: readonly unknown[]; isPresent: readonly boolean[]; steps?: readonly (number | null)[] };

export function Differences({ comparison, project, baseline }: PartProps) {
  const [text, setText] = useState("");
  const [isAll, setIsAll] = useState(comparison.runs.length < 2);
  const [statistic, setStatistic] = useState<Statistic>("last");
  const { runs } = comparison;
  const base = Math.max(0, runs.findIndex(({ id }) => id === baseline));
  const sections = [
    { title: "Metrics", rows: metricRows(comparison, statistic) },
    { title: "Config", rows: comparison.config.map(asRow) },
    { title: "Environment", rows: comparison.environment.map(asRow) },
  ];
  const hidden = sections.reduce((sum, { rows }) => sum + rows.filter(({ differs }) => !differs).length, 0);
  const wanted = text.trim().toLowerCase();
  return (
    <>
      <div className={styles["filters"]}>
        <input type="search" aria-label="Find a row" placeholder="Find a row" value={text} onChange={(event) => { setText(event.target.value); }} />
        <label>
          <input type="checkbox" checked={!isAll} onChange={(event) => { setIsAll(!event.target.checked); }} /> only what differs
        </label>
        <label>
          Metrics by{" "}
          <select value={statistic} onChange={(event) => { setStatistic(STATISTICS.find((one) => one === event.target.value) ?? "last"); }}>
            {STATISTICS.map((one) => (
              <option key={one} value={one}>{one}</option>
            ))}
          </select>
        </label>
        {!isAll && hidden > 0 && (
          <span className="muted">
            {plural(hidden, "equal row")} hidden <button type="button" data-look="link" onClick={() => { setIsAll(true); }}>Show</button>
          </span>
        )}
      </div>
      <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Comparison">
        <table className={styles["table"]}>
          <thead>
            <tr>
              <th scope="col"><span className="visually-hidden">Key</span></th>
              {runs.map((run, index) => (
                <RunHead key={run.id} run={run} isBaseline={index === base && runs.length > 1} project={project} ids={runs.map(({ id }) => id)} />
              ))}
            </tr>
          </thead>
          {sections.map(({ title, rows }) => (
            <Section key={title} title={title} count={runs.length}>
              {rows
                .filter((row) => (isAll || row.differs) && row.key.toLowerCase().includes(wanted))
                .map((row) => (
                  <ValueLine key={row.key} row={row} base={base} />
                ))}
            </Section>
          ))}
        </table>
      </div>
    </>
  );
}

const STATISTICS: readonly Statistic[] = ["last", "min", "max"];

const asRow = ({ key, values, is_present, differs }: Comparison["config"][number]): Row => ({ key, differs, values, isPresent: is_present });

function metricRows({ metrics }: Comparison, statistic: Statistic): Row[] {
  const own = metrics.filter(({ name }) => !name.startsWith("system/"));
  return own.map(({ name, values }) => {
    const numbers = values.map((summary) => summary?.[statistic] ?? null);
    return {
      key: name,
      differs: new Set(numbers).size > 1,
      values: numbers,
      isPresent: values.map((summary) => summary !== null),
      steps: values.map((summary) => summary?.[`${statistic}_step`] ?? null),
    };
  });
}

type HeadProps = { run: RunRow; isBaseline: boolean; project: string; ids: readonly string[] };

function RunHead({ run, isBaseline, project, ids }: HeadProps) {
  const left = ids.filter((id) => id !== run.id);
  return (
    <th scope="col">
      <span className={styles["run"]}>
        <Swatch hue={run.hue} />
        <Link to="/p/$project/runs/$run" params={{ project: run.project, run: run.id }} title={run.name}>
          <bdi>{run.name}</bdi>
        </Link>
      </span>
      <span className={styles["runNote"]}>
        <StatusMark status={run.status} />
        {isBaseline && <strong>baseline</strong>}
        {run.project !== project && <span className="muted">of {run.project}</span>}
      </span>
      <span className={styles["runNote"]}>
        <PromoteRun run={run} />
        {ids.length > 1 && (
          <Link to="/p/$project/compare" params={{ project }} search={(now: Record<string, string | undefined>) => ({ ...now, runs: left.join(",") })} aria-label={`Remove ${run.name} from the comparison`}>
            Remove
          </Link>
        )}
      </span>
    </th>
  );
}

function Section({ title, count, children }: { title: string; count: number; children: ReactNode[] }) {
  return (
    <tbody>
      <tr className={styles["section"]}>
        <th scope="rowgroup" colSpan={count + 1}>{title}</th>
      </tr>
      {children.length === 0 ? (
        <tr>
          <td colSpan={count + 1} className="muted">Nothing differs here.</td>
        </tr>
      ) : (
        children
      )}
    </tbody>
  );
}

function ValueLine({ row, base }: { row: Row; base: number }) {
  return (
    <tr>
      <th scope="row"><bdi>{row.key}</bdi></th>
      {row.values.map((value, index) => (
        <td key={index} data-baseline={index === base}>
          <Value value={value} isPresent={row.isPresent[index] === true} step={row.steps?.[index] ?? null} />
          {index !== base && <Distance value={value} baseline={row.values[base]} />}
        </td>
      ))}
    </tr>
  );
}

/** Absent and null are different things. */
function Value({ value, isPresent, step }: { value: unknown; isPresent: boolean; step: number | null }) {
  if (!isPresent) return <span className="muted">not logged</span>;
  if (typeof value === "number") return <span title={`${String(value)}${step === null ? "" : ` at step ${String(step)}`}`}>{formatNumber(value)}</span>;
  const text = formatValue(value);
  if (text.length <= 120) return <span>{text}</span>;
  return (
    <details>
      <summary>{text.slice(0, 60)}…</summary>
      {text}
    </details>
  );
}

function Distance({ value, baseline }: { value: unknown; baseline: unknown }) {
  const difference = differenceOf(value, baseline);
  if (difference === null) return null;
  return (
    <span className={styles["distance"]}>
      {difference.absolute}
      {difference.relative !== null && <> · {difference.relative}</>}
    </span>
  );
}
