/** What else is not the same between two versions, folded: packages, config, and the charts of both runs over each other. */

import { Suspense, lazy, useState } from "react";
import type { PromotionPreview } from "../api";
import { formatValue, plural } from "../format";
import { Outline } from "../parts/Note";
import styles from "./PromoteDialog.module.css";
import { bothRuns, splitMetrics } from "./promotion";

const PromotionCharts = lazy(() => import("./PromotionCharts").then((module) => ({ default: module.PromotionCharts })));

/** Few enough to be seen at once. */
const FEW = 5;
const MOST_CHARTS = 4;

export function VersionChanges({ preview }: { preview: PromotionPreview }) {
  const { differences } = preview;
  return (
    <div className={styles["changes"]}>
      {differences !== null && (
        <>
          <Folded title="Config" count={differences.config.length} same="The config is the same.">
            {differences.config.map(({ key, holder, candidate, is_in_holder, is_in_candidate }) => (
              <Line key={key} name={key} before={is_in_holder ? formatValue(holder) : "not set"} after={is_in_candidate ? formatValue(candidate) : "not set"} />
            ))}
          </Folded>
          <Folded title="Packages" count={differences.packages.length} same="The packages are the same.">
            {differences.packages.map(({ name, holder, candidate }) => (
              <Line key={name} name={name} before={holder ?? "not installed"} after={candidate ?? "not installed"} />
            ))}
          </Folded>
        </>
      )}
      <Charts preview={preview} />
    </div>
  );
}

type FoldedProps = { title: string; count: number; same: string; children: React.ReactNode };

function Folded({ title, count, same, children }: FoldedProps) {
  if (count === 0) return <p className="muted">{same}</p>;
  return (
    <details open={count <= FEW}>
      <summary>{title}: {plural(count, "value differs", "values differ")}</summary>
      <table className={`${styles["table"] ?? ""} ${styles["free"] ?? ""}`}>
        <tbody>{children}</tbody>
      </table>
    </details>
  );
}

function Line({ name, before, after }: { name: string; before: string; after: string }) {
  return (
    <tr>
      <th scope="row"><bdi>{name}</bdi></th>
      <td>{before}</td>
      <td>{after}</td>
      <td />
    </tr>
  );
}

function Charts({ preview }: { preview: PromotionPreview }) {
  const [isOpen, setIsOpen] = useState(false);
  const runs = bothRuns(preview);
  const metrics = splitMetrics(preview.metrics.filter(({ holder, candidate }) => holder !== null && candidate !== null), 2).first.slice(0, MOST_CHARTS);
  if (runs === null || metrics.length === 0) return null;
  return (
    <details onToggle={(event) => { setIsOpen(event.currentTarget.open); }}>
      <summary>Charts of both runs</summary>
      {isOpen && (
        <Suspense fallback={<Outline />}>
          <PromotionCharts runs={runs} metrics={metrics.map(({ name }) => name)} />
        </Suspense>
      )}
    </details>
  );
}
