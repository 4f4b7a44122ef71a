/** The goals of a project's metrics, for everything on a page that tells the best. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type GoalOf, goalIn } from "./goals";
import { queries } from "./queries";

/** The same function until a goal changes; it knows of none until they have come. */
export function useGoals(project: string): GoalOf {
  const goals = useQuery({ ...queries.goals(project), enabled: project !== "" }).data;
  return useMemo<GoalOf>(() => (metric) => (goals === undefined ? null : goalIn(goals, metric)), [goals]);
}
