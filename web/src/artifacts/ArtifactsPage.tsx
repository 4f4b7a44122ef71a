/** The artifacts of a project: the newest version of each, how large it is, and how many runs use it. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useRef } from "react";
import { type ListedArtifact, isNotFound } from "../api";
import { formatAtLeast, formatCount, lackingSizes, plural } from "../format";
import { Page } from "../frame/Page";
import { useKeys } from "../frame/keys";
import { AliasChip } from "../models/AliasChip";
import listed from "../models/ModelsPage.module.css";
import { CodeBlock } from "../parts/Code";
import { Empty, Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { useDraft } from "../parts/useDraft";
import { queries } from "../queries";
import { NotFoundProject } from "../workspace/NotFoundProject";

const TYPING_MS = 150;
const FIRST_LINES = 'data = tracker.Artifact("digits", "dataset")\ndata.add_dir("data/")\nrun.log_artifact(data)';

export function ArtifactsPage() {
  const { project } = useParams({ from: "/p/$project/artifacts" });
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const [q, kind] = [search["q"] ?? "", search["kind"] ?? null];
  const query = useInfiniteQuery(queries.artifactList(project, { q, kind }));
  const change = (changes: Record<string, string | undefined>) => void navigate({ to: ".", search: { ...search, ...changes }, replace: true });
  const [draft, setDraft] = useDraft(q, (text) => { change({ q: text === "" ? undefined : text }); }, TYPING_MS);
  const field = useRef<HTMLInputElement>(null);
  useKeys([{ key: "/", label: "Find an artifact", run: () => field.current?.focus() }]);
  if (isNotFound(query.error)) return <NotFoundProject project={project} />;
  const kinds = query.data?.pages[0]?.kinds ?? [];
  const artifacts = query.data?.pages.flatMap((page) => page.artifacts) ?? [];
  return (
    <Page title={`Artifacts of ${project}`} heading="Artifacts" here="Artifacts" crumbs={[{ label: "Projects", to: "/" }, { label: project, to: `/p/${encodeURIComponent(project)}` }]}>
      {query.error !== null && query.data === undefined && <Failure what="The artifacts could not be fetched." error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Outline />}
      {query.data !== undefined && kinds.length === 0 && (
        <Empty title="No artifacts yet">
          <p>Data, models and whatever else is files is logged by runs, and has versions:</p>
          <CodeBlock text={FIRST_LINES} label="How to log an artifact" />
        </Empty>
      )}
      {kinds.length > 0 && (
        <>
          <div className={listed["tools"]}>
            <input ref={field} type="search" aria-label="Find an artifact" placeholder="Find an artifact" value={draft} onChange={(event) => { setDraft(event.target.value); }} />
            <label>
              Kind{" "}
              <select value={kind ?? ""} onChange={(event) => { change({ kind: event.target.value === "" ? undefined : event.target.value }); }}>
                <option value="">all</option>
                {kinds.map((one) => <option key={one.kind} value={one.kind}>{one.kind} ({one.count})</option>)}
              </select>
            </label>
            <span className="muted" role="status">{query.hasNextPage ? "more than " : ""}{plural(artifacts.length, "artifact")}</span>
          </div>
          {artifacts.length === 0 ? <p className="muted">None fits. Its kind may be another, or its name.</p> : <List artifacts={artifacts} />}
          {query.hasNextPage && <button type="button" data-look="link" onClick={() => void query.fetchNextPage()}>Show more</button>}
        </>
      )}
    </Page>
  );
}

function List({ artifacts }: { artifacts: readonly ListedArtifact[] }) {
  return (
    <div className={listed["scroll"]} tabIndex={0} role="region" aria-label="Artifacts">
      <table className={listed["table"]}>
        <thead>
          <tr>
            <th scope="col">Artifact</th>
            <th scope="col">Kind</th>
            <th scope="col">Newest</th>
            <th scope="col">Aliases</th>
            <th scope="col" className={listed["numeric"]}>Files</th>
            <th scope="col" className={listed["numeric"]}>Size</th>
            <th scope="col" className={listed["numeric"]}>Used by</th>
          </tr>
        </thead>
        <tbody>
          {artifacts.map((one) => (
            <tr key={one.id}>
              <th scope="row"><Link to="/p/$project/artifacts/$name/$version" params={{ project: one.project, name: one.name, version: `v${String(one.version)}` }}><bdi>{one.name}</bdi></Link></th>
              <td><bdi>{one.kind}</bdi></td>
              <td className="sentence">v{one.version} <span className="muted">of {formatCount(one.version_count)}, <Ago ms={one.created_ms} /></span></td>
              <td>{one.aliases.filter((alias) => alias !== "latest").map((alias) => <span key={alias} className={listed["alias"]}><AliasChip alias={alias} /></span>)}</td>
              <td className={listed["numeric"]}>{formatCount(one.file_count)}</td>
              <td className={listed["numeric"]} title={lackingSizes(one.unsized_count)}>{formatAtLeast(one.size_bytes, one.unsized_count)}</td>
              <td className={listed["numeric"]}>{plural(one.use_count, "run")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
