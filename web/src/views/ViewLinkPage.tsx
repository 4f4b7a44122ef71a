/** `/v/<view_id>`: the saved view, wherever it lives. */

import { useQuery } from "@tanstack/react-query";
import { Navigate, useParams } from "@tanstack/react-router";
import { isNotFound } from "../api";
import { NotFound } from "../frame/App";
import { Page } from "../frame/Page";
import { Failure, Outline } from "../parts/Note";
import { queries } from "../queries";

export function ViewLinkPage() {
  const { view: id } = useParams({ from: "/v/$view" });
  const view = useQuery(queries.view(id));
  if (view.data !== undefined) return <Navigate to="/p/$project" params={{ project: view.data.project }} search={{ v: id }} replace />;
  if (isNotFound(view.error)) return <NotFound />;
  return (
    <Page title="View" crumbs={[]}>
      {view.error === null ? <Outline /> : <Failure what="The view could not be fetched." error={view.error} onRetry={() => void view.refetch()} />}
    </Page>
  );
}
