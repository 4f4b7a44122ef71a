/** Which config keys explain a metric, as bars with their spread; how much is explained at all, and what speaks against it. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type Importance, api } from "../api";
import { formatCount, formatNumber, plural } from "../format";
import { Empty, Failure, Outline } from "../parts/Note";
import { KeyField } from "./KeyField";
import { likelyKeys } from "./data";
import styles from "./panels.module.css";
import type { Place } from "./place";
import { type ImportancePanel, STATISTICS } from "./state";

type Props = { panel: ImportancePanel; place: Place; isEditing: boolean; onChange: (panel: ImportancePanel) => void };

/** What takes seconds is not asked again for a change of focus. */
const FRESH_MS = 5 * 60_000;

export function ImportanceChart({ panel, place, isEditing, onChange }: Props) {
  const metric = panel.metric === "" ? (likelyKeys(place.keys).metrics[0] ?? "").slice("metrics.".length) : panel.metric;
  const body = { ...place.which, metric, statistic: panel.statistic };
  const query = useQuery({
    queryKey: ["importance", place.project, body],
    queryFn: ({ signal }) => api.importance(place.project, body, { signal }),
    enabled: metric !== "",
    placeholderData: keepPreviousData,
    staleTime: FRESH_MS,
    retry: false,
  });
  return (
    <div className={styles["chart"]}>
      {isEditing && (
        <div className={styles["settings"]} role="group" aria-label="Importance settings">
          <MetricField metric={metric} keys={place.keys} onChange={(next) => { onChange({ ...panel, metric: next }); }} />
          <label>
            <span className="muted">by its</span>{" "}
            <select aria-label="Statistic" value={panel.statistic} onChange={(event) => { onChange({ ...panel, statistic: STATISTICS.find((one) => one === event.target.value) ?? "last" }); }}>
              {STATISTICS.map((one) => (
                <option key={one} value={one}>{one}</option>
              ))}
            </select>
          </label>
        </div>
      )}
      {query.error !== null && <Failure what="The importance could not be reckoned." error={query.error} onRetry={() => void query.refetch()} />}
      {metric === "" && place.keys !== undefined && <Empty title="No metric yet"><p>Importance explains a metric, and none was logged here.</p></Empty>}
      {query.isLoading && <Outline lines={6} label="Fitting a forest" />}
      {query.data !== undefined && query.error === null && <Found answer={query.data} metric={metric} onOpen={place.onScatter === undefined ? undefined : (key) => { place.onScatter?.(`config.${key}`, scatterKey(metric, panel)); }} />}
    </div>
  );
}

const scatterKey = (metric: string, { statistic }: ImportancePanel) => (statistic === "last" ? `metrics.${metric}` : `metrics.${metric}.${statistic}`);

/** One name of a metric, whatever of it is read. */
export function MetricField({ metric, keys, onChange }: { metric: string; keys: Place["keys"]; onChange: (metric: string) => void }) {
  const named = keys === undefined ? undefined : { ...keys, config: [], metrics: keys.metrics };
  return <KeyField label="metric" value={metric === "" ? "" : `metrics.${metric}`} keys={named} only="metrics" onChange={(key) => { onChange(nameOf(key, keys)); }} />;
}

/** A name may itself end in ".max": it is a name if there is such a metric. */
function nameOf(key: string, keys: Place["keys"]): string {
  const label = key.slice("metrics.".length);
  const isName = keys?.metrics.some(({ name }) => name === label) === true;
  return isName ? label : label.replace(/\.(min|max)$/, "");
}

function Found({ answer, metric, onOpen }: { answer: Importance; metric: string; onOpen: ((key: string) => void) | undefined }) {
  const most = answer.keys.reduce((sum, { importance, spread }) => Math.max(sum, importance + spread), 0);
  return (
    <div className={styles["found"]}>
      {warningsOf(answer).map((text) => (
        <p key={text} className={styles["warning"]} role="note">{text}</p>
      ))}
      {answer.keys.length > 0 && (
        <table className={styles["importance"]}>
          <caption className="visually-hidden">Importance of config keys for {metric}</caption>
          <thead>
            <tr>
              <th scope="col">key</th>
              <th scope="col">loss of R² when shuffled</th>
              <th scope="col">more of it</th>
            </tr>
          </thead>
          <tbody>
            {answer.keys.map((key) => (
              <tr key={key.key}>
                <th scope="row">
                  {onOpen === undefined ? <bdi>{key.key}</bdi> : (
                    <button type="button" data-look="link" title={`Scatter of ${metric} over ${key.key}`} onClick={() => { onOpen(key.key); }}>
                      <bdi>{key.key}</bdi>
                    </button>
                  )}
                </th>
                <td>
                  <span className={styles["bar"]} aria-hidden="true">
                    <span style={{ width: `${String(share(key.importance, most))}%` }} />
                    <i style={{ left: `${String(share(key.importance - key.spread, most))}%`, width: `${String(share(key.importance + key.spread, most) - share(key.importance - key.spread, most))}%` }} />
                  </span>
                  <span className={styles["value"]}>{formatNumber(Number(key.importance.toFixed(3)))} ± {formatNumber(Number(key.spread.toFixed(3)))}</span>
                </td>
                <td title={key.direction === null ? "Texts have no direction" : `Rank correlation ${formatNumber(key.direction)}`}>{directionText(key.direction)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="muted small">{summaryOf(answer)}</p>
    </div>
  );
}

const share = (value: number, most: number) => (most <= 0 ? 0 : Math.min(100, Math.max(0, (value / most) * 100)));

function directionText(direction: number | null): string {
  if (direction === null) return "–";
  if (Math.abs(direction) < 0.1) return "no trend";
  return direction > 0 ? "↑ raises it" : "↓ lowers it";
}

function warningsOf(answer: Importance): string[] {
  const says: Record<Importance["warnings"][number], string> = {
    too_few_runs: `Only ${plural(answer.run_count, "run")} with this metric: too few to say anything. Five are the least, twenty are sensible.`,
    few_runs: `Only ${plural(answer.run_count, "run")}: with fewer than 20 this may be chance.`,
    explains_nothing: "The config foretells nothing of this metric in runs that the forest has not seen (R² ≤ 0): do not trust the order.",
    same_everywhere: "The metric is the same in all of these runs: there is nothing to explain.",
    keys_left_out: `${plural(answer.left_out_keys, "config key")} more ${answer.left_out_keys === 1 ? "was" : "were"} not looked at.`,
  };
  return answer.warnings.map((warning) => says[warning]);
}

function summaryOf({ r2, run_count, read_count, matched, constant_keys, trees, repeats }: Importance): string {
  const runs = matched > read_count ? `the newest ${formatCount(read_count)} of ${plural(matched, "run")}, ${formatCount(run_count)} of them with the metric` : `${formatCount(run_count)} of ${plural(matched, "run")}`;
  const fit = r2 === null ? "" : `R² ${formatNumber(Number(r2.toFixed(3)))} out of bag. `;
  const constant = constant_keys > 0 ? ` ${plural(constant_keys, "key")} that never ${constant_keys === 1 ? "differs is" : "differ are"} left out.` : "";
  return `${fit}Random forest of ${String(trees)} trees over ${runs}; permutation importance, mean ± deviation of ${String(repeats)} shufflings.${constant}`;
}
