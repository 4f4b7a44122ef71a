/** Every metric of a run in a line: last, least and greatest value with their steps, and values set by hand. */

import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { MetricSummary, RunDetail } from "../api";
import { formatCount, formatNumber, formatValue } from "../format";
import styles from "./Tables.module.css";

export function Summary({ run }: { run: RunDetail }) {
  const [text, setText] = useState("");
  const byHand = Object.entries(run.summary).filter(([name]) => matches(name, text));
  const metrics = Object.entries(run.metrics)
    .filter(([name, { kind }]) => kind !== "system" && matches(name, text))
    .toSorted(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  return (
    <section className={styles["section"]} aria-label="Summary">
      <div className={styles["title"]}>
        <h2>Summary</h2>
        <input type="search" aria-label="Find in the summary" placeholder="Find" value={text} onChange={(event) => { setText(event.target.value); }} />
      </div>
      {metrics.length + byHand.length === 0 ? (
        <p className="muted">{text === "" ? "No metrics yet." : `Nothing is called “${text}”.`}</p>
      ) : (
        <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Summary table">
          <table className={`${styles["table"] ?? ""} ${styles["withSteps"] ?? ""}`}>
            <thead>
              <tr>
                <th scope="col">metric</th>
                <th scope="col">last</th>
                <th scope="col">min</th>
                <th scope="col">max</th>
              </tr>
            </thead>
            <tbody>
              {byHand.map(([name, value]) => (
                <tr key={`hand ${name}`}>
                  <th scope="row">{name} <span className="muted small">set by hand</span></th>
                  <td colSpan={3}>{formatValue(value)}</td>
                </tr>
              ))}
              {metrics.map(([name, summary]) => (
                <MetricRow key={name} run={run} name={name} summary={summary} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function MetricRow({ run, name, summary }: { run: RunDetail; name: string; summary: MetricSummary }) {
  return (
    <tr>
      <th scope="row">
        <Link to="/p/$project/runs/$run/$tab" params={{ project: run.project, run: run.id, tab: "charts" }} search={{ find: name }} title={`${name}: ${formatCount(summary.count)} points`}>
          <bdi>{name}</bdi>
        </Link>
      </th>
      <Statistic value={summary.last} step={summary.last_step} />
      <Statistic value={summary.min} step={summary.min_step} />
      <Statistic value={summary.max} step={summary.max_step} />
    </tr>
  );
}

function Statistic({ value, step }: { value: number | null; step: number | null }) {
  if (value === null) return <td title="No finite value was logged">–</td>;
  return (
    <td title={`${String(value)} at step ${String(step ?? "unknown")}`}>
      {formatNumber(value)}
      {step !== null && <span className={styles["step"]}>@ {formatCount(step)}</span>}
    </td>
  );
}

const matches = (name: string, text: string) => name.toLowerCase().includes(text.trim().toLowerCase());
