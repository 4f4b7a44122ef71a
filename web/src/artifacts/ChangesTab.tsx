/** What changed from another version to this one: files with their bytes, and of tables the rows. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ArtifactAbout } from "../api";
import { readNumber } from "../address";
import { formatCount } from "../format";
import { Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import styles from "./Artifacts.module.css";
import { ChangedFiles } from "./ChangedFiles";
import { totalsText } from "./totals";

export function ChangesTab({ about }: { about: ArtifactAbout }) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const versions = useInfiniteQuery(queries.artifactVersions(about.project, about.name)).data?.pages.flatMap((page) => page.versions) ?? [];
  const others = versions.filter(({ id }) => id !== about.id);
  const wanted = readNumber(search["since"], about.previous_version ?? 0, 0, Number.MAX_SAFE_INTEGER);
  const since = others.find(({ version }) => version === wanted)?.id ?? (wanted === about.previous_version ? about.previous : null);
  const choose = (version: string) => void navigate({ to: ".", search: { ...search, since: version }, resetScroll: false });
  if (others.length === 0 && about.previous === null) return <p className="muted">This is the only version, so nothing has changed.</p>;
  return (
    <div className={styles["part"]}>
      <label>
        Changes since{" "}
        <select value={String(wanted)} onChange={(event) => { choose(event.target.value); }}>
          {since === null && <option value={String(wanted)}>choose a version</option>}
          {others.map(({ id, version }) => <option key={id} value={String(version)}>v{version}</option>)}
        </select>
      </label>
      {since !== null && <Since key={since} about={about} since={since} />}
    </div>
  );
}

function Since({ about, since }: { about: ArtifactAbout; since: number }) {
  const query = useInfiniteQuery(queries.artifactChanges(about.id, since));
  if (query.data === undefined) return query.error === null ? <Outline lines={5} /> : <Failure what="The changes could not be fetched." error={query.error} onRetry={() => void query.refetch()} />;
  const { pages } = query.data;
  const changes = pages.flatMap((page) => page.changes);
  const totals = pages[0]?.totals;
  const count = totals == null ? 0 : totals.added + totals.removed + totals.changed;
  return (
    <>
      {totals != null && <p className={styles["totals"]}>{totalsText(totals)}{count > changes.length ? ` (first ${formatCount(changes.length)} shown)` : ""}</p>}
      {changes.length > 0 && <ChangedFiles version={about.id} since={since} changes={changes} />}
      {query.hasNextPage && <button type="button" data-look="link" onClick={() => void query.fetchNextPage()}>Show the next</button>}
    </>
  );
}
