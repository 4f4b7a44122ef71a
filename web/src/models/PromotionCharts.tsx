/** The runs of two versions over each other, in a chart for each of a few metrics. */

import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { RunRow } from "../api";
import { type RunStyle, dashes } from "../charts/figure";
import { readCharts } from "../charts/settings";
import { Tooltip } from "../charts/Tooltip";
import { EmbeddedChart } from "../embed/EmbeddedChart";
import { Failure, Outline } from "../parts/Note";
import { Swatch } from "../parts/Run";
import { queries } from "../queries";
import { useSeriesStore } from "../workspace/useSeriesStore";
import styles from "./PromoteDialog.module.css";

type Props = { runs: readonly [string, string]; metrics: readonly string[] };

export function PromotionCharts({ runs, metrics }: Props) {
  const found = useQuery(queries.compare({ runs: [...runs] }));
  if (found.error !== null) return <Failure what="The runs could not be fetched." error={found.error} onRetry={() => void found.refetch()} />;
  return found.data === undefined ? <Outline /> : <Charts runs={found.data.runs} metrics={metrics} />;
}

const WORDS = ["now", "new"];

function Charts({ runs, metrics }: { runs: readonly RunRow[]; metrics: readonly string[] }) {
  const [settings, setSettings] = useState(() => readCharts({}));
  const drawn = useMemo<RunStyle[]>(() => {
    const dash = dashes(runs.map(({ hue }) => hue));
    return runs.map(({ id, name, hue, status }, index) => ({ id, name, hue, dash: dash[index] ?? 0, isRunning: status === "running" }));
  }, [runs]);
  const store = useSeriesStore(settings, drawn);
  return (
    <>
      <ul className={styles["legend"]} aria-label="Runs">
        {drawn.map(({ id, name, hue, dash }, index) => (
          <li key={id}><Swatch hue={hue} dash={dash} /> <bdi>{name}</bdi> <span className="muted">{WORDS[index]}</span></li>
        ))}
      </ul>
      <div className={styles["charts"]}>
        {metrics.map((metric) => (
          <EmbeddedChart key={metric} {...{ store, metric, runs: drawn, settings }} onZoom={(range) => { setSettings((now) => ({ ...now, range })); }} />
        ))}
      </div>
      <Tooltip />
    </>
  );
}
