/** What narrows and arranges the list: text, status, groups, columns. */

import { useNavigate } from "@tanstack/react-router";
import { Suspense, lazy, useState } from "react";
import type { Keys } from "../api";
import { formatCount } from "../format";
import { useCommands } from "../frame/commands";
import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import { FilterField } from "./FilterField";
import { GroupButton } from "./GroupButton";
import styles from "./RunFilters.module.css";
import type { Change } from "./useView";
import { density, lastFilters } from "../settings";
import { goalsOf } from "./ranges";
import type { TextForm } from "./takeRows";
import type { Criteria, RunList } from "./runs";
import { withFilter } from "./filter";
import { NEWEST_FIRST, STATUSES, type View } from "./view";

const CorrectionsDialog = lazy(() => import("../corrections/CorrectionsDialog").then((module) => ({ default: module.CorrectionsDialog })));
const ColumnPicker = lazy(() => import("./ColumnPicker").then((module) => ({ default: module.ColumnPicker })));
const FilterBuilder = lazy(() => import("./FilterBuilder").then((module) => ({ default: module.FilterBuilder })));
const LinesDialog = lazy(() => import("./LinesDialog").then((module) => ({ default: module.LinesDialog })));
const TrashDialog = lazy(() => import("../corrections/TrashDialog").then((module) => ({ default: module.TrashDialog })));

type Props = { view: View; change: Change; runs: RunList; keys: Keys | undefined; columns: readonly string[]; labels: readonly string[]; project: string; criteria: Criteria };

export function RunFilters({ view, change, runs, keys, columns, labels, project, criteria }: Props) {
  const [isPicking, setIsPicking] = useState(false);
  const [opened, setOpened] = useState<"corrections" | "lines" | "trash" | "builder" | null>(null);
  const isFiltered = view.text !== "" || view.filter !== "" || view.status.length > 0;
  const rowsAre = density.use();
  const navigate = useNavigate();
  const take = (form: TextForm, isCopied = false) => {
    const taken = { project, chosen: { kind: "matching", criteria }, rows: runs.rows, criteria, columns, goals: goalsOf(keys) } as const;
    void import("./takeRows").then(({ copyRows, saveRows }) => (isCopied ? copyRows : saveRows)(form, taken));
  };
  const more: MenuEntry[] = [
    { kind: "heading", label: "Sort by" },
    ...SORTS.map(([key, label, isDown]): MenuEntry => ({ kind: "choice", label, isChosen: view.sort[0]?.key === key && view.sort[0].is_descending === isDown, onSelect: () => { change((now) => ({ ...now, sort: [{ key, is_descending: isDown }] })); } })),
    { kind: "line" },
    { kind: "do", label: "Download rows as CSV", onSelect: () => { take("csv"); } },
    { kind: "do", label: "Copy rows as CSV", onSelect: () => { take("csv", true); } },
    { kind: "do", label: "Copy rows as Markdown", onSelect: () => { take("markdown", true); } },
    { kind: "line" },
    { kind: "heading", label: "Rows" },
    { kind: "choice", label: "Compact", isChosen: rowsAre === "compact", onSelect: () => { density.set("compact"); } },
    { kind: "choice", label: "Comfortable", isChosen: rowsAre === "comfortable", onSelect: () => { density.set("comfortable"); } },
    { kind: "line" },
    { kind: "heading", label: "Archived runs" },
    ...ARCHIVED.map(([archived, label]): MenuEntry => ({ kind: "choice", label, isChosen: view.archived === archived, onSelect: () => { change((now) => ({ ...now, archived })); } })),
    { kind: "line" },
    { kind: "do", label: LINES, onSelect: () => { setOpened("lines"); } },
    { kind: "do", label: "Corrections…", onSelect: () => { setOpened("corrections"); } },
    { kind: "do", label: "Trash…", onSelect: () => { setOpened("trash"); } },
    { kind: "do", label: "Who has access…", onSelect: () => void navigate({ to: "/settings/$part", params: { part: "access" }, search: { project } }) },
  ];
  useCommands(() => [{ kind: "command", label: LINES, run: () => { setOpened("lines"); } }]);
  const apply = (filter: string) => {
    if (filter !== "") lastFilters(project).set(withFilter(lastFilters(project).get(), filter));
    change((now) => ({ ...now, filter, text: filter === "" ? now.text : "" }));
  };
  const close = () => { setOpened(null); };
  return (
    <div className={styles["filters"]}>
      <FilterField {...{ project, keys }} value={view} error={runs.refused} onChange={(narrowing) => { change((now) => ({ ...now, ...narrowing }), true); }}>
        <button type="button" data-look="icon" aria-label="Build a filter" title="Build a filter" onClick={() => { setOpened("builder"); }}>
          <Icon name="sliders" />
        </button>
      </FilterField>
      <div className={styles["line"]}>
        <span className={styles["count"]} role="status">
          {isFiltered ? `${formatCount(runs.matched)} of ${formatCount(runs.total)} runs` : `${formatCount(runs.total)} ${runs.total === 1 ? "run" : "runs"}`}
        </span>
        <select
          aria-label="Status"
          value={view.status.length === 1 ? view.status[0] : view.status.length === 0 ? "" : "several"}
          onChange={(event) => {
            const status = STATUSES.filter((one) => one === event.target.value);
            change((now) => ({ ...now, status }));
          }}
        >
          <option value="">any status</option>
          {view.status.length > 1 && <option value="several">{view.status.join(", ")}</option>}
          {STATUSES.map((status) => (
            <option key={status} value={status}>
              {status}
            </option>
          ))}
        </select>
        <GroupButton grouping={view.grouping} keys={keys} onChange={(update) => { change((now) => ({ ...now, grouping: update(now.grouping) })); }} />
        <button type="button" data-look={view.mode === "table" ? undefined : "icon"} aria-label="Columns" title="Columns" onClick={() => { setIsPicking(true); }}>
          <Icon name="columns" />{view.mode === "table" && " Columns"}
        </button>
        <Menu label="More for this list" look="icon" entries={more}>
          <Icon name="more" />
        </Menu>
      </div>
      <Suspense>
        {opened === "corrections" && <CorrectionsDialog project={project} onClose={close} />}
        {opened === "lines" && <LinesDialog {...{ view, change, keys, labels }} onClose={close} />}
        {opened === "trash" && <TrashDialog project={project} onClose={close} />}
        {opened === "builder" && <FilterBuilder {...{ project, keys }} searched={view} onApply={apply} onClose={close} />}
        {isPicking && (
          <ColumnPicker
            project={project}
            searched={runs.shown ?? view}
            columns={columns}
            isChosen={view.columns !== null}
            onChange={(next) => { change((now) => ({ ...now, columns: next })); }}
            onClose={() => { setIsPicking(false); }}
          />
        )}
      </Suspense>
    </div>
  );
}

const LINES = "Labels of lines…";

const ARCHIVED = [
  ["without", "Leave out archived runs"],
  ["with", "Show archived runs too"],
  ["only", "Show only archived runs"],
] as const;

const SORTS = [
  [NEWEST_FIRST.key, "Newest first", true],
  ["created", "Oldest first", false],
  ["name", "Name", false],
  ["status", "Status", false],
  ["duration", "Longest first", true],
] as const;
