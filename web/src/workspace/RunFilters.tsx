/** What narrows and arranges the list: text, status, columns, and the switch between list and table. */

import { Suspense, lazy, useState } from "react";
import type { Keys } from "../api";
import { formatCount } from "../format";
import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import { ColumnPicker } from "./ColumnPicker";
import { FilterField } from "./FilterField";
import styles from "./RunFilters.module.css";
import type { Change } from "./useView";
import { columnOf, tableAsCsv } from "./columns";
import type { RunList } from "./runs";
import { MODES, type Mode, NEWEST_FIRST, STATUSES, type View } from "./view";

const CorrectionsDialog = lazy(() => import("../corrections/CorrectionsDialog").then((module) => ({ default: module.CorrectionsDialog })));
const TrashDialog = lazy(() => import("../corrections/TrashDialog").then((module) => ({ default: module.TrashDialog })));

type Props = { view: View; change: Change; runs: RunList; keys: Keys | undefined; columns: readonly string[]; project: string };

export function RunFilters({ view, change, runs, keys, columns, project }: Props) {
  const [isPicking, setIsPicking] = useState(false);
  const [opened, setOpened] = useState<"corrections" | "trash" | null>(null);
  const isFiltered = view.text !== "" || view.filter !== "" || view.status.length > 0;
  const more: MenuEntry[] = [
    { kind: "heading", label: "Sort by" },
    ...SORTS.map(([key, label, isDown]): MenuEntry => ({ kind: "choice", label, isChosen: view.sort[0]?.key === key && view.sort[0].is_descending === isDown, onSelect: () => { change((now) => ({ ...now, sort: [{ key, is_descending: isDown }] })); } })),
    { kind: "line" },
    { kind: "do", label: "Download rows as CSV", onSelect: () => { download(`${project}.csv`, tableAsCsv(runs.rows, columns.map(columnOf))); } },
    { kind: "line" },
    { kind: "heading", label: "Archived runs" },
    ...ARCHIVED.map(([archived, label]): MenuEntry => ({ kind: "choice", label, isChosen: view.archived === archived, onSelect: () => { change((now) => ({ ...now, archived })); } })),
    { kind: "line" },
    { kind: "do", label: "Corrections…", onSelect: () => { setOpened("corrections"); } },
    { kind: "do", label: "Trash…", onSelect: () => { setOpened("trash"); } },
  ];
  const close = () => { setOpened(null); };
  return (
    <div className={styles["filters"]}>
      <FilterField {...{ project, keys }} value={view} error={runs.refused} onChange={(narrowing) => { change((now) => ({ ...now, ...narrowing }), true); }}>
        <div className={styles["modes"]} role="group" aria-label="View">
          {MODES.map((mode) => (
            <button key={mode} type="button" aria-pressed={view.mode === mode} onClick={() => { change((now) => ({ ...now, mode })); }}>
              {MODE_NAMES[mode]}
            </button>
          ))}
        </div>
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
        <button type="button" onClick={() => { setIsPicking(true); }}>
          <Icon name="columns" /> Columns
        </button>
        <Menu label="More for this list" look="icon" entries={more}>
          <Icon name="more" />
        </Menu>
      </div>
      <Suspense>
        {opened === "corrections" && <CorrectionsDialog project={project} onClose={close} />}
        {opened === "trash" && <TrashDialog project={project} onClose={close} />}
      </Suspense>
      {isPicking && (
        <ColumnPicker
          keys={keys}
          total={runs.total}
          columns={columns}
          isChosen={view.columns !== null}
          onChange={(next) => { change((now) => ({ ...now, columns: next })); }}
          onClose={() => { setIsPicking(false); }}
        />
      )}
    </div>
  );
}

const MODE_NAMES: Record<Mode, string> = { runs: "Runs", table: "Table", scatter: "Scatter", parallel: "Parallel" };

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

function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
