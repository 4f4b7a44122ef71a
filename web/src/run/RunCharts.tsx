/** The charts of one run. */

import type { RunDetail } from "../api";
import { ChartGrid } from "../charts/ChartGrid";
import type { RunStyle } from "../charts/figure";
import type { ChangeSettings, ChartSettings } from "../charts/settings";
import type { Section } from "../charts/sections";
import type { SeriesStore } from "../charts/store";
import { formatCount } from "../format";
import { Empty } from "../parts/Note";
import { Ago } from "../parts/Time";
import { useLastArrangement } from "../views/useLastArrangement";
import { hasMore } from "./useRunMetrics";

type Props = { run: RunDetail; store: SeriesStore; runs: readonly RunStyle[]; metrics: readonly string[]; settings: ChartSettings; onSettings: ChangeSettings };

/** Nothing is folded at first but where there is too much of it. */
const MANY = 60;
const foldedFirst = (sections: readonly Section[]) =>
  new Set(sections.reduce((sum, { metrics }) => sum + metrics.length, 0) > MANY ? sections.slice(2).map(({ name }) => name) : []);

export function RunCharts({ run, ...charts }: Props) {
  const [arrangement, onArrange] = useLastArrangement(run.project);
  return (
    <ChartGrid
      {...charts}
      {...{ arrangement, onArrange }}
      project={run.project}
      corrected={run}
      foldedFirst={foldedFirst}
      note={hasMore(run) ? `${formatCount(run.metric_count)} metrics were logged: here are the first ones by name, and those that a word in “Find charts” brings.` : null}
      empty={
        <Empty title={run.status === "running" ? "Waiting for the first point" : "Nothing was logged here"}>
          <p>
            Last heard <Ago ms={run.heartbeat_ms} />.
          </p>
        </Empty>
      }
    />
  );
}
