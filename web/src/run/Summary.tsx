/** Every metric of a run in a line: the value that stands for the run where it defines one, the last, least and greatest
 * with their steps, and values set by hand. */

import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { MOST_METRICS, type MetricSummary, type RunDetail } from "../api";
import { searchFor } from "../charts/sections";
import { formatCount, formatNumber, formatValue } from "../format";
import styles from "./Tables.module.css";
import { hasMore, useRunMetrics } from "./useRunMetrics";

export function Summary({ run }: { run: RunDetail }) {
  const [text, setText] = useState("");
  const byHand = Object.entries(run.summary).filter(([name]) => matches(name, text));
  const metrics = Object.entries(useRunMetrics(run, text))
    .filter(([name, { kind }]) => kind !== "system" && matches(name, text))
    .toSorted(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .slice(0, MOST_METRICS);
  const hasDefinitions = metrics.some(([, summary]) => isDefined(summary));
  return (
    <section className={styles["section"]} aria-label="Summary">
      <div className={styles["title"]}>
        <h2>Summary</h2>
        <input type="search" aria-label="Find in the summary" placeholder="Find" value={text} onChange={(event) => { setText(event.target.value); }} />
      </div>
      {metrics.length + byHand.length === 0 ? (
        <p className="muted">{text === "" ? "No metrics yet." : `Nothing is called “${text}”.`}</p>
      ) : (
        <>
          {hasMore(run) && text === "" && <p className="muted small">The first {formatCount(metrics.length)} of {formatCount(run.metric_count)} metrics. Others are found by a part of their name.</p>}
          <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Summary table">
            <table className={`${styles["table"] ?? ""} ${(hasDefinitions ? styles["withWords"] : styles["withSteps"]) ?? ""}`}>
              <thead>
                <tr>
                  <th scope="col">metric</th>
                  {hasDefinitions && <th scope="col">value</th>}
                  <th scope="col">last</th>
                  <th scope="col">min</th>
                  <th scope="col">max</th>
                </tr>
              </thead>
              <tbody>
                {byHand.map(([name, value]) => (
                  <tr key={`hand ${name}`}>
                    <th scope="row">{name} <span className="muted small">set by hand</span></th>
                    <HandSet value={value} columns={hasDefinitions ? 4 : 3} />
                  </tr>
                ))}
                {metrics.map(([name, summary]) => (
                  <MetricRow key={name} run={run} hasDefinitions={hasDefinitions} name={name} summary={summary} />
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </section>
  );
}

/** A number stands below the first heading, where the eye and a phone find it; a text has all the room that there is. */
function HandSet({ value, columns }: { value: RunDetail["summary"][string]; columns: number }) {
  if (typeof value !== "number") return <td className={styles["said"]} colSpan={columns}>{formatValue(value)}</td>;
  return (
    <>
      <td title={String(value)}>
        {formatValue(value)}
        <span className={styles["step"]} />
      </td>
      <td colSpan={columns - 1} />
    </>
  );
}

type RowProps = { run: RunDetail; name: string; summary: MetricSummary; hasDefinitions: boolean };

function MetricRow({ run, name, summary, hasDefinitions }: RowProps) {
  const goal = summary.goal ?? null;
  return (
    <tr>
      <th scope="row">
        <Link to="/p/$project/runs/$run/$tab" params={{ project: run.project, run: run.id, tab: "charts" }} search={{ find: searchFor(name) }} title={`${name}: ${formatCount(summary.count)} points`}>
          <bdi>{name}</bdi>
        </Link>
        {goal !== null && (
          <span className="muted small" title={GOALS[goal].words}>
            {" "}
            <span aria-hidden="true">{GOALS[goal].sign}</span>
            <span className="visually-hidden">{GOALS[goal].words}</span>
          </span>
        )}
      </th>
      {hasDefinitions && <Shown summary={summary} />}
      <Statistic value={summary.last} step={summary.last_step} showsStep={!hasDefinitions} />
      <Statistic value={summary.min} step={summary.min_step} showsStep={!hasDefinitions} />
      <Statistic value={summary.max} step={summary.max_step} showsStep={!hasDefinitions} />
    </tr>
  );
}

const isDefined = (summary: MetricSummary) => (summary.summary ?? "last") !== "last" || (summary.goal ?? null) !== null;

const GOALS = { min: { sign: "↓", words: "smaller is better" }, max: { sign: "↑", words: "larger is better" } };

/** Below the numbers, beside which a word or a step may stand. */
function Nothing({ hasWord }: { hasWord: boolean }) {
  return <td title="No finite value was logged">–{hasWord && <span className={styles["step"]} />}</td>;
}

/** The value that stands for the run, and which one it is. */
function Shown({ summary: { shown = null, summary } }: { summary: MetricSummary }) {
  if (shown === null) return <Nothing hasWord />;
  return (
    <td title={String(shown)}>
      <strong>{formatNumber(shown)}</strong>
      <span className={styles["step"]}>{summary}</span>
    </td>
  );
}

/** Beside the value that stands for the run there is no room for steps; they are in the title. */
function Statistic({ value, step, showsStep }: { value: number | null; step: number | null; showsStep: boolean }) {
  if (value === null) return <Nothing hasWord={showsStep} />;
  return (
    <td title={`${String(value)} at step ${String(step ?? "unknown")}`}>
      {formatNumber(value)}
      {showsStep && step !== null && <span className={styles["step"]}>@ {formatCount(step)}</span>}
    </td>
  );
}

const matches = (name: string, text: string) => name.toLowerCase().includes(text.trim().toLowerCase());
