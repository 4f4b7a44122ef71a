/** Who did what, to which model, when and why. Entries are only ever added. */

import { type InfiniteData, useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type AuditFilter, type AuditPage as TrailPage, type AuditVerification, api, auditAddress, reasonOf } from "../api";
import { Page } from "../frame/Page";
import { useFollowed } from "../frame/followed";
import { plural } from "../format";
import { Empty, Failure, Outline } from "../parts/Note";
import { useDraft } from "../parts/useDraft";
import { client, queries } from "../queries";
import { History } from "./History";
import styles from "./ModelsPage.module.css";

const PAUSE_MS = 300;

/** What can be asked for, by the beginning of an action's name. */
const ACTIONS = [
  { action: "alias", label: "moves of aliases" },
  { action: "version", label: "versions" },
  { action: "model", label: "models" },
  { action: "proposal", label: "proposals" },
  { action: "rules", label: "rules" },
] as const;

export function AuditPage() {
  const { model, actor, action } = useSearch({ strict: false });
  const navigate = useNavigate();
  const filter: AuditFilter = { model: model ?? null, actor: actor ?? null, action: action ?? null };
  const choose = (change: Partial<AuditFilter>) => {
    const chosen = Object.entries({ ...filter, ...change }).filter((entry): entry is [string, string] => entry[1] !== null && entry[1] !== "");
    void navigate({ to: "/audit", search: Object.fromEntries(chosen), replace: true });
  };
  const models = useQuery(queries.models()).data?.models ?? [];
  const queryKey = ["audit", filter];
  const newest = ({ signal }: { signal: AbortSignal }, before: number | null = null) => api.audit({ ...filter, before }, { signal });
  const trail = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => newest({ signal }, pageParam),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  useFollowed({ queryKey, fetch: async (signal) => withNewest(client.getQueryData<Trail>(queryKey), await newest({ signal })) });
  const entries = trail.data?.pages.flatMap((page) => page.entries) ?? [];
  const isFiltered = Object.values(filter).some((value) => value !== null);
  return (
    <Page title="Audit trail" heading="Audit trail" crumbs={[]}>
      <p className="muted">What was done to models. Entries are only ever added, each with the digest of the one before it. <Link to="/settings/$part" params={{ part: "audit" }}>People, keys, roles and runs</Link> have theirs.</p>
      <div className={styles["tools"]}>
        <label>
          Model{" "}
          <select value={model ?? ""} onChange={(event) => { choose({ model: event.target.value }); }}>
            <option value="">all models</option>
            {models.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          What{" "}
          <select value={action ?? ""} onChange={(event) => { choose({ action: event.target.value }); }}>
            <option value="">everything</option>
            {ACTIONS.map((one) => (
              <option key={one.action} value={one.action}>
                {one.label}
              </option>
            ))}
          </select>
        </label>
        <Who value={actor ?? ""} onChange={(name) => { choose({ actor: name.trim() }); }} />
        <a href={auditAddress({ ...filter, format: "csv" })} download>Export CSV</a>
        <a href={auditAddress({ ...filter, format: "jsonl" })} download>Export JSON lines</a>
        <Verification />
      </div>
      {trail.error !== null && <Failure what="The trail could not be fetched." error={trail.error} onRetry={() => void trail.refetch()} />}
      {trail.isPending && <Outline />}
      {trail.data !== undefined && entries.length === 0 && (
        isFiltered
          ? <Empty title="Nothing found"><p>Nothing that was done matches what stands above.</p></Empty>
          : <Empty title="Nothing has happened yet"><p>Registrations, promotions and roll-backs are recorded here.</p></Empty>
      )}
      <History entries={entries} isAcrossModels />
      {trail.hasNextPage && <button type="button" disabled={trail.isFetchingNextPage} onClick={() => void trail.fetchNextPage()}>Older entries</button>}
    </Page>
  );
}

function Who({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [draft, setDraft] = useDraft(value, onChange, PAUSE_MS);
  return (
    <label>
      Who{" "}
      <input type="search" placeholder="anybody" value={draft} onChange={(event) => { setDraft(event.target.value); }} />
    </label>
  );
}

/** Reads every entry on the server, so only when it is asked for, and by admins. */
function Verification() {
  const me = useQuery(queries.me()).data;
  const checked = useMutation({ mutationFn: () => api.verifyAudit() });
  if (me === undefined || !me.is_admin) return null;
  return (
    <>
      <button type="button" disabled={checked.isPending} onClick={() => { checked.mutate(); }}>Verify</button>
      <span role="status" className={styles["verified"]}>
        {checked.isPending && "Reading every entry…"}
        {checked.error !== null && reasonOf(checked.error)}
        {checked.data !== undefined && <Verdict verification={checked.data} />}
      </span>
    </>
  );
}

function Verdict({ verification: { entries, digest, broken } }: { verification: AuditVerification }) {
  if (broken !== null) return <strong className={styles["broken"]}>✕ It is not as it was written: {broken.message}.</strong>;
  return <>✓ {plural(entries, "entry is", "entries are")} as written. Digest <code title={digest}>{digest.slice(0, 12)}…</code></>;
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
