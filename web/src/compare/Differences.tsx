/** What differs between runs, in sections, each value beside its distance from the baseline's. */

import { useQuery } from "@tanstack/react-query";
import { Suspense, lazy } from "react";
import type { Comparison } from "../api";
import { formatCount, plural } from "../format";
import { toast } from "../frame/Toasts";
import { copyText } from "../parts/clipboard";
import { Icon } from "../parts/Icon";
import { Menu } from "../parts/Menu";
import { useDraft } from "../parts/useDraft";
import { queries } from "../queries";
import styles from "./ComparePage.module.css";
import { ComparisonTable } from "./ComparisonTable";
import { type Section, asCsv, asMarkdown, sectionsOf } from "./table";
import type { PartProps } from "./tabs";
import { useCompareView } from "./useCompareView";
import { type CompareView, MOST_COLUMNS, STATISTICS } from "./view";

const DataSection = lazy(() => import("./DataSection").then((module) => ({ default: module.DataSection })));

export function Differences({ comparison: first, project, baseline }: PartProps) {
  const { view } = useCompareView();
  const comparison = useSought(first, view);
  const sections = sectionsOf(comparison, { baseline, statistic: view.statistic, find: view.find });
  const { runs, absent } = comparison;
  const hasRunsAsRows = view.hasRunsAsRows || runs.length + absent.length > MOST_COLUMNS;
  return (
    <>
      <Filters comparison={comparison} sections={sections} hasRunsAsRows={hasRunsAsRows} />
      {comparison.metrics_left_out > 0 && (
        <p className={styles["note"]}>
          {formatCount(comparison.metrics.length)} of {formatCount(comparison.metrics.length + comparison.metrics_left_out)} metrics{view.isAll ? "" : " that differ"} are here; the others are found by a word in “Find a row”.
        </p>
      )}
      {runs.length > 1 && comparison.metric_count > 0 && comparison.shared_metric_count === 0 && (
        <p className={styles["note"]}>No metric was logged by all of these runs.</p>
      )}
      <ComparisonTable {...{ comparison, sections, project, baseline, hasRunsAsRows }}>
        <Suspense>
          <DataSection {...{ comparison: first, project, baseline }} />
        </Suspense>
      </ComparisonTable>
    </>
  );
}

/** Of very many metrics those that are looked for come from the server. */
function useSought(comparison: Comparison, view: CompareView): Comparison {
  const having = view.find.trim();
  const isAsked = having !== "" && comparison.metrics_left_out > 0;
  const asked = queries.compare({ runs: view.runs, only: view.isAll ? "all" : "differing", statistic: view.statistic, having });
  return useQuery({ ...asked, enabled: isAsked }).data ?? comparison;
}

function Filters({ comparison, sections, hasRunsAsRows }: { comparison: Comparison; sections: readonly Section[]; hasRunsAsRows: boolean }) {
  const { view, change } = useCompareView();
  const [draft, setDraft] = useDraft(view.find, (find) => { change((now) => ({ ...now, find }), true); }, 80);
  const setAll = (isAll: boolean) => { change((now) => ({ ...now, isAll })); };
  const copy = async (what: string, text: string) => {
    await copyText(text);
    toast({ text: `The table is copied as ${what}.`, about: "copy" });
  };
  const copied = { runs: comparison.runs.map(({ name }) => name), sections };
  const isFixed = comparison.runs.length + comparison.absent.length > MOST_COLUMNS;
  return (
    <div className={styles["filters"]}>
      <input type="search" aria-label="Find a row" placeholder="Find a row" value={draft} onChange={(event) => { setDraft(event.target.value); }} />
      <label>
        <input type="checkbox" checked={!view.isAll} onChange={(event) => { setAll(!event.target.checked); }} /> only what differs
      </label>
      <label>
        Metrics by{" "}
        <select
          value={view.statistic}
          onChange={(event) => { change((now) => ({ ...now, statistic: STATISTICS.find((one) => one === event.target.value) ?? "shown" })); }}
        >
          {STATISTICS.map((one) => (
            <option key={one} value={one}>{one === "shown" ? "summary" : one}</option>
          ))}
        </select>
      </label>
      <button type="button" aria-pressed={hasRunsAsRows} disabled={isFixed} title={isFixed ? `More than ${String(MOST_COLUMNS)} runs are rows` : "A row for each run"} onClick={() => { change((now) => ({ ...now, hasRunsAsRows: !now.hasRunsAsRows })); }}>
        Runs as rows
      </button>
      <Menu
        label="Copy the table"
        entries={[
          { kind: "do", label: "Copy as CSV", onSelect: () => void copy("CSV", asCsv(copied)) },
          { kind: "do", label: "Copy as Markdown", onSelect: () => void copy("Markdown", asMarkdown(copied)) },
        ]}
      >
        <Icon name="copy" size={14} /> Copy
      </Menu>
      {!view.isAll && view.runs.length > 1 && comparison.equal_count > 0 && (
        <span className="muted">
          {plural(comparison.equal_count, "equal row")} hidden <button type="button" data-look="link" onClick={() => { setAll(true); }}>Show</button>
        </span>
      )}
    </div>
  );
}
