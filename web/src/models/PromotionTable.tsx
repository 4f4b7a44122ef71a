/** The holder beside the candidate, in one table: metrics with their change, size and cost, data and code. */

import { Link } from "@tanstack/react-router";
import { Suspense, lazy, useState } from "react";
import type { MetricSummary, PromotionPreview } from "../api";
import { isSystem } from "../charts/sections";
import { joinList } from "../address";
import { formatBytes, formatChange, formatDuration, formatNumber, plural } from "../format";
import { goalWords } from "../goals";
import styles from "./PromoteDialog.module.css";
import { valueOf, wordOf } from "./overVersions";
import { bothRuns, candidateVersion, changeOf, splitMetrics, spreadText } from "./promotion";

const CodeDiff = lazy(() => import("../compare/CodeDiff").then((module) => ({ default: module.CodeDiff })));

/** Longer tables unfold. */
const MOST_METRICS = 6;

type Props = { preview: PromotionPreview; project: string };

export function PromotionTable({ preview, project }: Props) {
  const { holder, metrics } = preview;
  const { first, others } = splitMetrics(metrics.filter(({ name }) => !isSystem(name)), MOST_METRICS);
  const [isWhole, setIsWhole] = useState(false);
  return (
    <>
      <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Comparison of both versions">
        <table className={styles["table"]}>
          <thead>
            <tr>
              <th scope="col">metric</th>
              <th scope="col">{holder === null ? "now" : `v${String(holder.version)} now`}</th>
              <th scope="col">v{candidateVersion(preview)} {holder !== null && candidateVersion(preview) < holder.version ? "instead" : "new"}</th>
              <th scope="col">change</th>
            </tr>
          </thead>
          <tbody>
            {(isWhole ? [...first, ...others] : first).map((metric) => (
              <MetricLine key={metric.name} metric={metric} hasHolder={holder !== null} />
            ))}
            {others.length > 0 && (
              <tr>
                <td colSpan={4} className={styles["more"]}>
                  <button type="button" data-look="link" aria-expanded={isWhole} onClick={() => { setIsWhole(!isWhole); }}>
                    {isWhole ? "Fewer metrics" : plural(others.length, "more metric")}
                  </button>
                </td>
              </tr>
            )}
          </tbody>
          <tbody>
            <NumberLine name="size" before={holder?.size_bytes ?? null} after={preview.candidate_size_bytes} format={formatBytes} />
            <NumberLine name="training time" before={preview.holder_cost?.duration_ms ?? null} after={preview.candidate_cost?.duration_ms ?? null} format={formatDuration} />
            <NumberLine name="GPU hours" before={preview.holder_cost?.gpu_ms ?? null} after={preview.candidate_cost?.gpu_ms ?? null} format={formatHours} />
            {preview.differences !== null && <DataLines data={preview.differences.data} />}
            {preview.differences !== null && <CodeLine preview={preview} differences={preview.differences} project={project} />}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** Less than half a minute of one GPU says nothing. */
const formatHours = (ms: number) => (ms > 0 && ms < 36_000 ? "< 0.01" : formatNumber(Number((ms / 3_600_000).toPrecision(3))));

type Metric = PromotionPreview["metrics"][number];

function MetricLine({ metric, hasHolder }: { metric: Metric; hasHolder: boolean }) {
  const { name, holder, candidate, goal } = metric;
  const change = changeOf(metric);
  return (
    <tr>
      <th scope="row">
        <bdi>{name}</bdi>
        {goal !== null && <span className="muted" role="img" aria-label={goalWords(goal)} title={goalWords(goal)}> {goal === "max" ? "↑" : "↓"}</span>}
        {metric.is_gated && <span className={styles["tag"]}>gate</span>}
        {metric.is_main && <span className={styles["tag"]}>main</span>}
      </th>
      <td>{holder === null ? (hasHolder ? "not logged" : "–") : <Value summary={holder} />}<Spread spread={metric.holder_spread} /></td>
      <td>{candidate === null ? "not logged" : <Value summary={candidate} />}<Spread spread={metric.candidate_spread} /></td>
      <td>
        {change !== null && (
          <span className={styles["change"]} data-change={metric.change}>
            <span>{change.amount}</span> <span>{change.sign !== "" && <span aria-hidden="true">{change.sign} </span>}{change.word}</span>
          </span>
        )}
      </td>
    </tr>
  );
}

/** What rules compare, and which value of the run that is where it is not the last. */
function Value({ summary }: { summary: MetricSummary }) {
  const [value, word] = [valueOf(summary), wordOf(summary)];
  if (value === null) return "no finite value";
  return <>{formatNumber(value)}{word !== null && <span className="muted small"> {word}</span>}</>;
}

function Spread({ spread }: { spread: Metric["holder_spread"] }) {
  const text = spreadText(spread);
  return text === null ? null : <span className={styles["spread"]}>{text}</span>;
}

type NumberProps = { name: string; before: number | null; after: number | null; format: (value: number) => string };

function NumberLine({ name, before, after, format }: NumberProps) {
  if (before === null && after === null) return null;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{before === null ? "–" : format(before)}</td>
      <td>{after === null ? "–" : format(after)}</td>
      <td>{before === null || after === null || before === 0 ? "" : formatChange((after - before) / before)}</td>
    </tr>
  );
}

type Differences = NonNullable<PromotionPreview["differences"]>;

function DataLines({ data }: { data: Differences["data"] }) {
  return data.map(({ name, holder, candidate }) => (
    <tr key={name}>
      <th scope="row">data <bdi>{name}</bdi></th>
      <td>{versioned(name, holder)}</td>
      <td>{versioned(name, candidate)}</td>
      <td>{holder === candidate ? "same" : holder === null ? "added" : candidate === null ? "not used" : "changed"}</td>
    </tr>
  ));
}

const versioned = (name: string, version: number | null) => (version === null ? "–" : <bdi>{name}:v{version}</bdi>);

function CodeLine({ preview, differences, project }: { preview: PromotionPreview; differences: Differences; project: string }) {
  const { holder_code: before, candidate_code: after, is_code_same: isSame } = differences;
  const [isOpen, setIsOpen] = useState(false);
  const runs = bothRuns(preview);
  if (before === null && after === null && runs === null) return null;
  return (
    <tr>
      <th scope="row">code</th>
      <td>{codeText(before)}</td>
      <td>{codeText(after)}</td>
      <td>
        {isSame === null ? "" : isSame ? "same" : "changed"}{" "}
        {runs !== null && (
          <>
            {isSame !== true && <button type="button" data-look="link" onClick={() => { setIsOpen(true); }}>Show code</button>}{" "}
            <Link to="/p/$project/compare" params={{ project }} search={{ runs: joinList(runs) }} target="_blank">Compare runs</Link>
          </>
        )}
        {isOpen && runs !== null && (
          <Suspense>
            <CodeDiff
              before={{ id: runs[0], name: preview.holder?.run_name ?? runs[0] }}
              after={{ id: runs[1], name: preview.candidate_run_name ?? runs[1] }}
              onClose={() => { setIsOpen(false); }}
            />
          </Suspense>
        )}
      </td>
    </tr>
  );
}

function codeText(code: Differences["holder_code"]) {
  if (code === null) return "–";
  return (
    <>
      <code title={code.branch === null ? undefined : `on ${code.branch}`}>{code.commit?.slice(0, 7) ?? "no commit"}</code>
      {code.is_dirty && <span title="Files differed from the commit"> + changes</span>}
    </>
  );
}
