/** A panel as a part of a comparison: of the compared runs, or of all runs of their project. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { FullPanel } from "../panels/FullPanel";
import type { Place } from "../panels/place";
import { type Panel, newPanel, readPanels, writePanels } from "../panels/state";
import { queries } from "../queries";
import styles from "./ComparePage.module.css";
import type { PartProps } from "./tabs";
import { MOST_RUNS } from "./view";

export const CompareParallel = (props: PartProps) => <ComparePanel {...props} kind="parallel" label="Parallel coordinates" />;
export const CompareScatter = (props: PartProps) => <ComparePanel {...props} kind="scatter" label="Scatter" />;
export const CompareImportance = (props: PartProps) => <ComparePanel {...props} kind="importance" label="Importance" />;

type Props = PartProps & { kind: "parallel" | "scatter" | "importance"; label: string };

/** `of=all` in the address widens it to the whole project. */
function ComparePanel({ comparison, project, kind, label }: Props) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const keys = useQuery(queries.keys(project));
  const panels = useMemo(() => readPanels(search), [search]);
  const isAll = search["of"] === "all";
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const ids = useMemo(() => comparison.runs.filter((run) => run.project === project).map(({ id }) => id), [comparison, project]);
  const set = (change: Record<string, string | undefined>) => void navigate({ to: ".", search: (now: Record<string, string | undefined>) => ({ ...now, ...change }), resetScroll: false });
  const place: Place = {
    project,
    which: useMemo(() => ({ text: "", filter: "", status: [], archived: "without", runs: isAll ? null : ids }), [isAll, ids]),
    keys: keys.data,
    onFilter: (filter) => void navigate({ to: "/p/$project", params: { project }, search: { filter } }),
    onSelect: setChosen,
    onScatter: (x, y) => { set({ tab: "scatter", ...writePanels({ ...panels, scatter: { ...panels.scatter, x, y } }) }); },
  };
  const elsewhere = comparison.runs.length - ids.length;
  const panel: Panel = kind === "importance" ? (panels.list.find((one) => one.kind === kind) ?? newPanel(kind)) : panels[kind];
  return (
    <>
      <div className={styles["filters"]}>
        <label>
          <input type="checkbox" checked={isAll} onChange={(event) => { set({ of: event.target.checked ? "all" : undefined }); }} /> all runs of {project}
        </label>
        {!isAll && elsewhere > 0 && <span className="muted">{elsewhere} of another project left out</span>}
        {chosen.length > 0 && (
          <>
            <span role="status">{chosen.length} selected</span>
            <button type="button" disabled={chosen.length > MOST_RUNS} title={chosen.length > MOST_RUNS ? `At most ${String(MOST_RUNS)} runs can be compared` : undefined} onClick={() => { set({ runs: chosen.join(",") }); }}>Compare these</button>
          </>
        )}
      </div>
      <FullPanel
        {...{ label, panel, place }}
        onChange={(next) => {
          if (next.kind === "scatter" || next.kind === "parallel") set(writePanels({ ...panels, [next.kind]: next }));
          else set(writePanels({ ...panels, list: [next] }));
        }}
      />
    </>
  );
}
