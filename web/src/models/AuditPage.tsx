/** Who did what, to which model, when and why. Entries are only ever added. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { api } from "../api";
import { Page } from "../frame/Page";
import { Empty, Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import { History } from "./History";
import styles from "./ModelsPage.module.css";

export function AuditPage() {
  const model = useSearch({ strict: false })["model"];
  const navigate = useNavigate();
  const models = useQuery(queries.models()).data?.models ?? [];
  const trail = useInfiniteQuery({
    queryKey: ["audit", model],
    queryFn: ({ pageParam }) => api.audit({ ...(model === undefined ? {} : { model }), before: pageParam }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const entries = trail.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <Page title="Audit trail" heading="Audit trail" crumbs={[]}>
      <div className={styles["tools"]}>
        <label>
          Model{" "}
          <select value={model ?? ""} onChange={(event) => void navigate({ to: "/audit", search: { model: event.target.value } })}>
            <option value="">all models</option>
            {models.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {trail.error !== null && <Failure what="The trail could not be fetched." error={trail.error} onRetry={() => void trail.refetch()} />}
      {trail.isPending && <Outline />}
      {trail.data !== undefined && entries.length === 0 && <Empty title="Nothing has happened yet"><p>Registrations, promotions and roll-backs are recorded here.</p></Empty>}
      <History entries={entries} isAcrossModels />
      {trail.hasNextPage && <button type="button" disabled={trail.isFetchingNextPage} onClick={() => void trail.fetchNextPage()}>Older entries</button>}
    </Page>
  );
}
