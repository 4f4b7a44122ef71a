/** Some runs beside each other: what differs first, their charts second. Which runs and the baseline are in the address. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Suspense } from "react";
import { splitList } from "../address";
import type { Comparison } from "../api";
import { plural } from "../format";
import { Page } from "../frame/Page";
import { Empty, Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import styles from "./ComparePage.module.css";
import { PARTS, type Part, partNamed } from "./tabs";

export function ComparePage() {
  const { project } = useParams({ from: "/p/$project/compare" });
  const search = useSearch({ strict: false });
  const ids = splitList(search["runs"]);
  const query = useQuery(queries.compare(ids));
  const part = partNamed(search["tab"]);
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
          <Tools comparison={query.data} part={part} />
          <Suspense fallback={<Outline lines={8} />}>
            <part.Content comparison={query.data} project={project} baseline={baselineOf(query.data, search["baseline"])} />
          </Suspense>
        </>
      )}
    </Page>
  );
}

const baselineOf = ({ runs }: Comparison, wanted: string | undefined): string => (runs.find(({ id }) => id === wanted) ?? runs[0])?.id ?? "";

function Tools({ comparison, part }: { comparison: Comparison; part: Part }) {
  const { project } = useParams({ from: "/p/$project/compare" });
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = (next: Record<string, string | undefined>) => void navigate({ to: ".", search: (now: Record<string, string | undefined>) => ({ ...now, ...next }), resetScroll: false });
  return (
    <div className={styles["tools"]}>
      <nav className={styles["tabs"]} aria-label="Parts of the comparison">
        {PARTS.map((one) => (
          <Link key={one.name} to="/p/$project/compare" params={{ project }} search={{ ...search, tab: one === PARTS[0] ? undefined : one.name }} activeOptions={{ exact: true, includeSearch: true }} className={styles["tab"]} aria-current={one === part ? "page" : undefined}>
            {one.label}
          </Link>
        ))}
      </nav>
      {part.name !== "charts" && comparison.runs.length > 1 && (
        <label className={styles["baseline"]}>
          Baseline{" "}
          <select value={baselineOf(comparison, search["baseline"])} onChange={(event) => { change({ baseline: event.target.value }); }}>
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
