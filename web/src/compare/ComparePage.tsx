/** Some runs beside each other: what differs first, their charts second. Which runs and the baseline are in the address. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { splitList } from "../address";
import type { Comparison } from "../api";
import { plural } from "../format";
import { Page } from "../frame/Page";
import { Empty, Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import { CompareCharts } from "./CompareCharts";
import styles from "./ComparePage.module.css";
import { Differences } from "./Differences";

export function ComparePage() {
  const { project } = useParams({ from: "/p/$project/compare" });
  const search = useSearch({ strict: false });
  const ids = splitList(search["runs"]);
  const query = useQuery(queries.compare(ids));
  const tab = search["tab"] === "charts" ? "charts" : "differences";
  const title = `Compare ${plural(ids.length, "run")}`;
  const crumbs = [
    { label: "Projects", to: "/" },
    { label: project, to: `/p/${encodeURIComponent(project)}` },
  ];
  return (
    <Page title={`${title} · ${project}`} crumbs={crumbs} here={title} isWide={ids.length > 0}>
      {ids.length === 0 && (
        <Empty title="Nothing to compare">
          <p>
            Select runs in <Link to="/p/$project" params={{ project }}>the list of {project}</Link> and press Compare.
          </p>
        </Empty>
      )}
      {query.error !== null && <Failure what="The runs could not be compared." error={query.error} onRetry={() => void query.refetch()} />}
      {query.isLoading && <Outline lines={8} />}
      {query.data !== undefined && (
        <>
          <Tools comparison={query.data} tab={tab} />
          {tab === "charts" ? <CompareCharts comparison={query.data} /> : <Differences comparison={query.data} project={project} />}
        </>
      )}
    </Page>
  );
}

function Tools({ comparison, tab }: { comparison: Comparison; tab: "charts" | "differences" }) {
  const { project } = useParams({ from: "/p/$project/compare" });
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = (next: Record<string, string | undefined>) => void navigate({ to: ".", search: (now: Record<string, string | undefined>) => ({ ...now, ...next }), resetScroll: false });
  const baseline = comparison.runs.find(({ id }) => id === search["baseline"]) ?? comparison.runs[0];
  return (
    <div className={styles["tools"]}>
      <nav className={styles["tabs"]} aria-label="Parts of the comparison">
        {(["differences", "charts"] as const).map((one) => (
          <Link key={one} to="/p/$project/compare" params={{ project }} search={{ ...search, tab: one === "charts" ? one : undefined }} activeOptions={{ exact: true, includeSearch: true }} className={styles["tab"]} aria-current={one === tab ? "page" : undefined}>
            {one === "charts" ? "Charts" : "Differences"}
          </Link>
        ))}
      </nav>
      {tab === "differences" && comparison.runs.length > 1 && (
        <label className={styles["baseline"]}>
          Baseline{" "}
          <select value={baseline?.id} onChange={(event) => { change({ baseline: event.target.value }); }}>
            {comparison.runs.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}
