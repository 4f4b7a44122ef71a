/** A version of an artifact: its files, what changed in it, where it comes from, and the lines that fetch it. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Suspense, lazy } from "react";
import { type ArtifactAbout, isNotFound } from "../api";
import { readChoice } from "../address";
import { formatBytes, plural } from "../format";
import { NotFound } from "../frame/App";
import { Page } from "../frame/Page";
import { CodeBlock } from "../parts/Code";
import { Failure, Outline } from "../parts/Note";
import { RunLink } from "../parts/Run";
import { Ago } from "../parts/Time";
import { queries } from "../queries";
import { Aliases } from "./Aliases";
import styles from "./Artifacts.module.css";
import { FilesTab } from "./FilesTab";
import { DeleteVersion, InTheTrash } from "./Retention";

const ChangesTab = lazy(() => import("./ChangesTab").then((module) => ({ default: module.ChangesTab })));
const LineageSection = lazy(() => import("../models/LineageSection").then((module) => ({ default: module.LineageSection })));

const TABS = ["files", "changes", "lineage", "metadata", "use"] as const;
type Tab = (typeof TABS)[number];

export function ArtifactPage() {
  const { project, name, version } = useParams({ from: "/p/$project/artifacts/$name/$version" });
  const query = useQuery(queries.artifactVersion(project, name, version));
  if (isNotFound(query.error)) return <NotFound />;
  const crumbs = [
    { label: "Projects", to: "/" },
    { label: project, to: `/p/${encodeURIComponent(project)}` },
    { label: "Artifacts", to: `/p/${encodeURIComponent(project)}/artifacts` },
  ];
  const told = query.data === undefined ? version : `v${String(query.data.version)}`;
  return (
    <Page title={`${name}:${told}`} heading={<><bdi>{name}</bdi>:{told}</>} here={<><bdi>{name}</bdi>:{told}</>} crumbs={crumbs}>
      {query.error !== null && query.data === undefined && <Failure what="The version could not be fetched." error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Outline lines={8} />}
      {query.data !== undefined && <Loaded about={query.data} />}
    </Page>
  );
}

function Loaded({ about }: { about: ArtifactAbout }) {
  const search = useSearch({ strict: false });
  const tab = readChoice(search["tab"], TABS, "files");
  const { previous_version: previous } = about;
  const labels: Record<Tab, string> = { files: "Files", changes: previous === null ? "Changes" : `Changes since v${String(previous)}`, lineage: "Lineage", metadata: "Metadata", use: "Use it" };
  const params = { project: about.project, name: about.name, version: `v${String(about.version)}` };
  return (
    <>
      <Head about={about} />
      <nav className={styles["tabs"]} aria-label="Parts of the version">
        {TABS.map((one) => (
          <Link key={one} to="/p/$project/artifacts/$name/$version" params={params} search={one === "files" ? {} : { tab: one }} activeOptions={{ exact: true, includeSearch: true }} className={styles["tab"]} aria-current={one === tab ? "page" : undefined}>
            {labels[one]}
          </Link>
        ))}
      </nav>
      <Suspense fallback={<Outline lines={6} />}>
        {tab === "files" && <FilesTab key={about.id} about={about} />}
        {tab === "changes" && <ChangesTab key={about.id} about={about} />}
        {tab === "lineage" && <LineageSection subject={{ kind: "artifact", id: about.id }} />}
        {tab === "metadata" && <Metadata about={about} />}
        {tab === "use" && <UseIt about={about} />}
      </Suspense>
    </>
  );
}

function Head({ about }: { about: ArtifactAbout }) {
  const facts = [
    plural(about.file_count, "file"),
    `${formatBytes(about.size_bytes)}${about.unsized_count > 0 ? ` without the ${plural(about.unsized_count, "file")} whose size nobody knows` : ""}${about.reference_count > 0 ? `, ${plural(about.reference_count, "file")} of it elsewhere${about.reference_bytes > 0 ? ` (${formatBytes(about.reference_bytes)})` : ""}` : ""}`,
  ];
  return (
    <div className={styles["head"]}>
      <VersionPicker about={about} />
      <Aliases about={about} />
      <p className={`sentence ${styles["facts"] ?? ""}`}>
        <bdi>{about.kind}</bdi> · {facts.join(" · ")} · by {about.run === null ? <bdi>{about.created_by}</bdi> : <MadeBy about={about} run={about.run} />}, <Ago ms={about.created_ms} /> · used by {plural(about.use_count, "run")}
      </p>
      {about.deleted_ms === null || about.deleted_ms === undefined ? <DeleteVersion about={about} /> : <InTheTrash about={about} sinceMs={about.deleted_ms} />}
    </div>
  );
}

const MadeBy = ({ about, run }: { about: ArtifactAbout; run: string }) => (
  <Link to="/p/$project/runs/$run/$tab" params={{ project: about.project, run, tab: "artifacts" }}><bdi>{about.run_name ?? run}</bdi></Link>
);

function VersionPicker({ about }: { about: ArtifactAbout }) {
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const query = useInfiniteQuery(queries.artifactVersions(about.project, about.name));
  const versions = query.data?.pages.flatMap((page) => page.versions) ?? [];
  const shown = versions.some(({ id }) => id === about.id) ? versions : [about, ...versions];
  const open = (version: string) => void navigate({ to: "/p/$project/artifacts/$name/$version", params: { project: about.project, name: about.name, version }, search: { tab: search["tab"], file: search["file"] } });
  return (
    <span className={styles["picker"]}>
      <select aria-label="Version" value={`v${String(about.version)}`} onChange={(event) => { open(event.target.value); }}>
        {shown.map(({ id, version, aliases }) => <option key={id} value={`v${String(version)}`}>{[`v${String(version)}`, ...aliases].join(" · ")}</option>)}
      </select>
      {query.hasNextPage && <button type="button" data-look="link" onClick={() => void query.fetchNextPage()}>Older versions</button>}
    </span>
  );
}

function Metadata({ about }: { about: ArtifactAbout }) {
  const isEmpty = Object.keys(about.metadata).length === 0;
  return (
    <div className={styles["part"]}>
      {isEmpty ? <p className="muted">Nothing was said of it: <code>tracker.Artifact(name, type, metadata=…)</code> does.</p> : <CodeBlock text={JSON.stringify(about.metadata, null, 2)} label="Metadata" />}
      <p className="muted small">digest of its files <code>{about.digest}</code></p>
    </div>
  );
}

function UseIt({ about }: { about: ArtifactAbout }) {
  const ref = JSON.stringify(`${about.name}:v${String(about.version)}`);
  const text = `import tracker\n\nrun = tracker.init(project=${JSON.stringify(about.project)})\npath = run.use_artifact(${ref})  # exactly this version, verified`;
  return (
    <div className={styles["part"]}>
      <p>These lines fetch exactly this version, and note that the run read it:</p>
      <CodeBlock text={text} label="How to use this version" />
      <h2>Used by {plural(about.use_count, "run")}</h2>
      {about.used_by.length === 0 ? <p className="muted">No run has read it yet.</p> : (
        <ul>
          {about.used_by.map(({ run, name, hue, time_ms }) => (
            <li key={run}><RunLink run={{ id: run, name, hue, project: about.project }} /> <span className="muted"><Ago ms={time_ms} /></span></li>
          ))}
        </ul>
      )}
      {about.use_count > about.used_by.length && <p className="muted small">and {about.use_count - about.used_by.length} more</p>}
    </div>
  );
}
