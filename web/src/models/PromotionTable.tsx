/** The holder beside the candidate: metrics with their change, and the config that differs. */

import type { PromotionPreview } from "../api";
import { isHeldOut, isSystem } from "../charts/sections";
import { formatBytes, formatChange, formatNumber, formatValue, plural } from "../format";
import styles from "./PromoteDialog.module.css";
import { candidateVersion } from "./promotion";

/** Longer tables unfold. */
const MOST_METRICS = 8;

export function PromotionTable({ preview }: { preview: PromotionPreview }) {
  const { holder, metrics, config } = preview;
  const own = metrics.filter(({ name }) => !isSystem(name)).toSorted((a, b) => Number(isHeldOut(b.name)) - Number(isHeldOut(a.name)));
  return (
    <>
      <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Metrics of both versions">
        <table className={styles["table"]}>
          <thead>
            <tr>
              <th scope="col">metric, last value</th>
              <th scope="col">{holder === null ? "now" : `v${String(holder.version)} now`}</th>
              <th scope="col">v{candidateVersion(preview)} new</th>
              <th scope="col">change</th>
            </tr>
          </thead>
          <tbody>
            {own.slice(0, MOST_METRICS).map((metric) => (
              <MetricLine key={metric.name} metric={metric} hasHolder={holder !== null} />
            ))}
            <tr>
              <th scope="row">size</th>
              <td>{holder === null ? "–" : formatBytes(holder.size_bytes)}</td>
              <td>{formatBytes(preview.candidate_size_bytes)}</td>
              <td>{holder === null ? "" : changeText(holder.size_bytes, preview.candidate_size_bytes)}</td>
            </tr>
          </tbody>
        </table>
      </div>
      {own.length > MOST_METRICS && (
        <details>
          <summary>{plural(own.length - MOST_METRICS, "more metric")}</summary>
          <table className={styles["table"]}>
            <tbody>
              {own.slice(MOST_METRICS).map((metric) => (
                <MetricLine key={metric.name} metric={metric} hasHolder={holder !== null} />
              ))}
            </tbody>
          </table>
        </details>
      )}
      {holder !== null && <ConfigChanges config={config} />}
    </>
  );
}

const changeText = (from: number, to: number) => (from === to ? "=" : from === 0 ? "" : formatChange((to - from) / from));

function MetricLine({ metric: { name, holder, candidate, relative }, hasHolder }: { metric: PromotionPreview["metrics"][number]; hasHolder: boolean }) {
  return (
    <tr>
      <th scope="row"><bdi>{name}</bdi></th>
      <td>{holder === null ? (hasHolder ? "not logged" : "–") : shown(holder.last)}</td>
      <td>{candidate === null ? "not logged" : shown(candidate.last)}</td>
      <td>{relative === null ? "" : formatChange(relative)}</td>
    </tr>
  );
}

const shown = (value: number | null) => (value === null ? "no finite value" : formatNumber(value));

function ConfigChanges({ config }: { config: PromotionPreview["config"] }) {
  if (config.length === 0) return <p className="muted">Their config is the same.</p>;
  return (
    <details className={styles["config"]} open={config.length <= 5}>
      <summary>Config: {plural(config.length, "value differs", "values differ")}</summary>
      <table className={styles["table"]}>
        <tbody>
          {config.map((change) => (
            <tr key={change.key}>
              <th scope="row"><bdi>{change.key}</bdi></th>
              <td>{change.is_in_holder ? formatValue(change.holder) : "not set"}</td>
              <td>{change.is_in_candidate ? formatValue(change.candidate) : "not set"}</td>
              <td />
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
