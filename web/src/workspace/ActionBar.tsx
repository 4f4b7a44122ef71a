/** What can be done with the runs that are selected: those picked by hand, or all that the filter finds. */

import { useNavigate } from "@tanstack/react-router";
import { Suspense, lazy } from "react";
import type { RunRow } from "../api";
import { useKeys } from "../frame/keys";
import type { Goals } from "./columns";
import type { Criteria } from "./runs";

const SelectionBar = lazy(() => import("./SelectionBar").then((module) => ({ default: module.SelectionBar })));

export type SelectionProps = {
  project: string;
  selected: ReadonlySet<string>;
  rows: readonly RunRow[];
  matched: number;
  criteria: Criteria;
  columns: readonly string[];
  goals: Goals;
  onDone: () => void;
};

/** More columns than this cannot be read beside each other. */
export const MOST_COMPARED = 20;

export function ActionBar(props: SelectionProps) {
  const { project, selected } = props;
  const navigate = useNavigate();
  const compare = () => {
    if (selected.size === 0) return;
    void navigate({ to: "/p/$project/compare", params: { project }, search: { runs: [...selected].slice(0, MOST_COMPARED).join(",") } });
  };
  useKeys([{ key: "c", label: "Compare the selected runs", run: compare }]);
  if (selected.size === 0) return null;
  return (
    <Suspense>
      <SelectionBar {...props} onCompare={compare} />
    </Suspense>
  );
}
