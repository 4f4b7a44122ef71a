/** Who did what, to which model, when and why. Entries are only ever added. */

import { type InfiniteData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type AuditPage as TrailPage, api } from "../api";
import { Page } from "../frame/Page";
import { useFollowed } from "../frame/followed";
import { Empty, Failure, Outline } from "../parts/Note";
import { client, queries } from "../queries";
import { History } from "./History";
import styles from "./ModelsPage.module.css";

export function AuditPage() {
  const model = useSearch({ strict: false })["model"];
  const navigate = useNavigate();
  const models = useQuery(queries.models()).data?.models ?? [];
  const queryKey = ["audit", model];
  const newest = ({ signal }: { signal: AbortSignal }, before: number | null = null) => api.audit({ ...(model === undefined ? {} : { model }), before }, { signal });
  const trail = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => newest({ signal }, pageParam),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  useFollowed({ queryKey, fetch: async (signal) => withNewest(client.getQueryData<Trail>(queryKey), await newest({ signal })) });
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

type Trail = InfiniteData<TrailPage, number | null>;

/** What is new stands before the pages that one has looked through, which stay. */
function withNewest(trail: Trail | undefined, newest: TrailPage): Trail {
  const [first, ...others] = trail?.pages ?? [];
  if (first === undefined) return { pages: [newest], pageParams: [null] };
  const known = new Set(first.entries.map(({ id }) => id));
  const fresh = newest.entries.filter(({ id }) => !known.has(id));
  // with more news than a page holds there would be a gap
  if (fresh.length === newest.entries.length && newest.entries.length > 0) return { pages: [newest], pageParams: [null] };
  return { pages: [{ ...first, entries: [...fresh, ...first.entries] }, ...others], pageParams: trail?.pageParams ?? [null] };
}
