/** `/r/<run_id>`: the run, wherever it lives. */

import { useQuery } from "@tanstack/react-query";
import { Navigate, useParams } from "@tanstack/react-router";
import { isNotFound } from "../api";
import { NotFound } from "../frame/App";
import { Page } from "../frame/Page";
import { Failure, Outline } from "../parts/Note";
import { queries } from "../queries";

export function ShortLinkPage() {
  const { run: id } = useParams({ from: "/r/$run" });
  const run = useQuery(queries.run(id));
  if (run.data !== undefined) return <Navigate to="/p/$project/runs/$run" params={{ project: run.data.project, run: id }} replace />;
  if (isNotFound(run.error)) return <NotFound />;
  return (
    <Page title="Run" crumbs={[]}>
      {run.error === null ? <Outline /> : <Failure what="The run could not be fetched." error={run.error} onRetry={() => void run.refetch()} />}
    </Page>
  );
}
