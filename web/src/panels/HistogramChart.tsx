/** How the values of a metric are spread over runs, step by step. */

import { useQuery } from "@tanstack/react-query";
import { Suspense, lazy, useMemo, useState } from "react";
import { api } from "../api";
import tables from "../charts/FigureTable.module.css";
import { colours } from "../charts/colours";
import { formatCount, formatNumber, plural } from "../format";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { Empty, Failure, Outline } from "../parts/Note";
import { useIsDark } from "../theme";
import { MetricField } from "./ImportanceChart";
import { likelyKeys } from "./data";
import { type Histogram, histogramOf, plotHistogram } from "./histogramFigure";
import styles from "./panels.module.css";
import { type Place, useData } from "./place";
import type { HistogramPanel } from "./state";

/** Brings Plotly along. */
const PlotArea = lazy(() => import("./PlotArea").then((module) => ({ default: module.PlotArea })));

type Props = { panel: HistogramPanel; place: Place; isEditing: boolean; onChange: (panel: HistogramPanel) => void };

/** So many series come in one answer. */
const MOST_RUNS = 200;
const POINTS = 200;

export function HistogramChart({ panel, place, isEditing, onChange }: Props) {
  const metric = panel.metric === "" ? (likelyKeys(place.keys).metrics[0] ?? "").slice("metrics.".length) : panel.metric;
  const { data } = useData(place, [metric === "" ? "" : `metrics.${metric}`]);
  const column = data?.columns.get(`metrics.${metric}`);
  const runs = useMemo(() => (data === null || column === undefined ? [] : data.ids.filter((_, row) => !Number.isNaN(column.numbers[row] ?? NaN)).slice(0, MOST_RUNS)), [data, column]);
  const series = useQuery({
    queryKey: ["histogram", metric, runs],
    queryFn: ({ signal }) => api.series({ runs: [...runs], metrics: [metric], x: "step", points: POINTS }, { signal }),
    enabled: runs.length > 0,
    placeholderData: (before) => before,
  });
  const histogram = useMemo(() => (series.data === undefined ? null : histogramOf(series.data.series)), [series.data]);
  const isDark = useIsDark();
  const plot = useMemo(() => (histogram === null ? null : { isDark, ...plotHistogram(histogram, metric, colours()) }), [histogram, metric, isDark]);
  return (
    <div className={styles["chart"]}>
      {isEditing && (
        <div className={styles["settings"]} role="group" aria-label="Histogram settings">
          <MetricField metric={metric} keys={place.keys} onChange={(next) => { onChange({ ...panel, metric: next }); }} />
        </div>
      )}
      {series.error !== null && <Failure what="The series could not be fetched." error={series.error} onRetry={() => void series.refetch()} />}
      {data !== null && runs.length === 0 && <Empty title="No run has logged this metric" />}
      {series.isLoading && <Outline lines={6} />}
      {histogram !== null && plot !== null && (
        <>
          <div className={styles["tools"]}>
            <span className={styles["note"]}>
              {metric} over {plural(histogram.runs, "run")}
              {data !== null && data.matched > runs.length ? `, the newest of ${formatCount(data.matched)}` : ""}
            </span>
            <ShowCounts histogram={histogram} metric={metric} />
          </div>
          <Suspense fallback={<Outline lines={6} />}>
            <PlotArea plot={plot} label={`Spread of ${metric} over ${plural(histogram.runs, "run")}, step by step`} />
          </Suspense>
        </>
      )}
    </div>
  );
}

function ShowCounts({ histogram, metric }: { histogram: Histogram; metric: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const { steps, edges, counts } = histogram;
  return (
    <>
      <button type="button" data-look="icon" aria-label={`Show the spread of ${metric} as table`} title="Show as table" onClick={() => { setIsOpen(true); }}>
        <Icon name="table" size={14} />
      </button>
      {isOpen && (
        <Dialog title={`Spread of ${metric}`} width="wide" onClose={() => { setIsOpen(false); }}>
          <div className={tables["scroll"]} tabIndex={0} role="region" aria-label={`Runs by value of ${metric}`}>
            <table className={tables["table"]}>
              <thead>
                <tr>
                  <th scope="col">from step</th>
                  {counts.map((_, bin) => (
                    <th key={bin} scope="col">{formatNumber(edges[bin] ?? 0)}–{formatNumber(edges[bin + 1] ?? 0)}</th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {steps.slice(0, -1).map((step, stretch) => (
                  <tr key={step}>
                    <th scope="row">{formatNumber(Math.ceil(step))}</th>
                    {counts.map((row, bin) => (
                      <td key={bin}>{row[stretch]}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Dialog>
      )}
    </>
  );
}
