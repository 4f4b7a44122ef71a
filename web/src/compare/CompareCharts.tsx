/** The charts of the compared runs over each other. */

import { useMemo } from "react";
import { ChartGrid } from "../charts/ChartGrid";
import { type RunStyle, dashes } from "../charts/figure";
import { Empty } from "../parts/Note";
import { useChartSettings } from "../run/useChartSettings";
import { useLastArrangement } from "../views/useLastArrangement";
import { useLive } from "../workspace/live";
import { useSeriesStore } from "../workspace/useSeriesStore";
import type { PartProps } from "./tabs";

export function CompareCharts({ comparison }: PartProps) {
  const { settings, onSettings } = useChartSettings();
  const { runs, metric_names: names } = comparison;
  const styles = useMemo<RunStyle[]>(() => {
    const dash = dashes(runs.map(({ hue }) => hue));
    return runs.map(({ id, name, hue, status }, index) => ({ id, name, hue, dash: dash[index] ?? 0, isRunning: status === "running" }));
  }, [runs]);
  const store = useSeriesStore(settings, styles);
  const running = runs.filter(({ status }) => status === "running" || status === "lost");
  useLive({ project: runs[0]?.project ?? "", columns: NO_COLUMNS, liveRuns: () => running.map(({ id }) => id), runningCount: running.length, store }, ignore);
  const [arrangement, onArrange] = useLastArrangement(runs[0]?.project ?? "");
  return (
    <ChartGrid
      project={runs[0]?.project ?? ""}
      {...{ store, settings, onSettings, arrangement, onArrange }}
      runs={styles}
      metrics={names}
      empty={<Empty title="No metrics"><p>These runs have not logged anything yet.</p></Empty>}
    />
  );
}

const NO_COLUMNS: string[] = [];
const ignore = () => undefined;
