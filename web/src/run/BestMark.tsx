/** The value of the metric that says most about a run, and where no other run of the project has a better one. */

import { useQuery } from "@tanstack/react-query";
import { type RunDetail, api } from "../api";
import { formatCount, formatNumber } from "../format";
import { type Main, mainMetric } from "./mainMetric";

export function BestMark({ run }: { run: RunDetail }) {
  const main = mainMetric(run.metrics);
  if (main === null) return null;
  return (
    <span>
      <bdi className="muted">{main.name}</bdi> <strong title={String(main.value)}>{formatNumber(main.value)}</strong> <Rank run={run} main={main} />
    </span>
  );
}

/** Asked again when the value is another one. */
function Rank({ run: { id, project }, main: { name, statistic, goal, value } }: { run: RunDetail; main: Main }) {
  const ranked = useQuery({
    queryKey: ["best run", project, name, statistic, goal, value],
    queryFn: ({ signal }) =>
      api.searchRuns(project, { columns: [], limit: 1, filter: `metrics[${JSON.stringify(name)}].${statistic} is not None`, sort: [{ key: `metrics.${name}.${statistic}`, is_descending: goal === "max" }] }, { signal }),
  });
  const { data } = ranked;
  if (data === undefined || data.matched < 2 || data.runs[0]?.id !== id) return null;
  return <span>★ best of {formatCount(data.matched)}</span>;
}
