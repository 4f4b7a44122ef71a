/** The value of the metric that says most about a run, and its rank in the project where it is known what is better. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type RunDetail, api } from "../api";
import { goalEntries } from "../chooseGoal";
import { formatCount, formatNumber } from "../format";
import { type Goal, goalWords } from "../goals";
import { Menu } from "../parts/Menu";
import { useRights } from "../rights";
import { useGoals } from "../useGoals";
import { useLastArrangement } from "../views/useLastArrangement";
import { type Main, mainMetric } from "./mainMetric";

export function BestMark({ run }: { run: RunDetail }) {
  const goalOf = useGoals(run.project);
  const withheld = useRights(run.project);
  const [{ pinned }] = useLastArrangement(run.project);
  const main = useMemo(() => mainMetric(run.metrics, { goalOf, pinned }), [run.metrics, goalOf, pinned]);
  if (main === null) return null;
  const { name, goal, value } = main;
  return (
    <span>
      <bdi className="muted">{name}</bdi> <strong title={String(value)}>{formatNumber(value)}</strong>{" "}
      {goal === null ? (
        <Menu label={`Which values of ${name} are better?`} look="plain" entries={goalEntries(run.project, name, goal, withheld("editor"))}>
          <span className="muted">which is better?</span>
        </Menu>
      ) : (
        <Rank run={run} main={{ ...main, goal }} />
      )}
    </span>
  );
}

/** Asked again when the value is another one; an archived run is not among those that count. */
function Rank({ run: { project, is_archived: isArchived }, main: { name, statistic, goal, value } }: { run: RunDetail; main: Main & { goal: Goal } }) {
  const { data } = useQuery({
    queryKey: ["best run", project, name, statistic, goal, value],
    queryFn: async ({ signal }) => {
      const key = `metrics[${JSON.stringify(name)}].${statistic}`;
      const count = async (filter: string) => (await api.searchRuns(project, { columns: [], limit: 1, filter }, { signal })).matched;
      const [all, better] = await Promise.all([count(`${key} is not None`), count(`${key} ${goal === "max" ? ">" : "<"} ${String(value)}`)]);
      return { all, place: better + 1 };
    },
    enabled: !isArchived,
    placeholderData: keepPreviousData,
  });
  if (data === undefined || data.all < 2) return null;
  const title = `By the ${statistic} of ${name}: ${goalWords(goal)}`;
  return data.place === 1 ? <span title={title}>★ best of {formatCount(data.all)}</span> : <span className="muted" title={title}>rank {formatCount(data.place)} of {formatCount(data.all)}</span>;
}
