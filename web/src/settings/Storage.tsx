/** What takes space: on the server, in a project, in an artifact; and the way to make room. */

import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { ArtifactSpace, ProjectSpace } from "../api";
import { TrashDialog } from "../corrections/TrashDialog";
import { formatAtLeast, formatBytes, formatCount, lackingSizes, plural } from "../format";
import { Empty, Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import styles from "../storage/Storage.module.css";
import { Versions } from "../storage/Versions";
import { bytesOf, policyText } from "../storage/words";
import accounts from "./Accounts.module.css";
import { Section } from "./Section";

export function Storage() {
  const { project, artifact } = useSearch({ strict: false });
  return (
    <Section title="Storage" note="What the server keeps, and what of it can go. Contents that several have in common are stored once.">
      {project !== undefined && (
        <nav className={styles["crumbs"]} aria-label="Where in the storage">
          <Link to="/settings/$part" params={{ part: "storage" }} search={{}}>All projects</Link>
          <span aria-hidden="true">/</span>
          {artifact === undefined ? <strong><bdi>{project}</bdi></strong> : <Link to="/settings/$part" params={{ part: "storage" }} search={{ project }}><bdi>{project}</bdi></Link>}
          {artifact !== undefined && <><span aria-hidden="true">/</span><strong><bdi>{artifact}</bdi></strong></>}
        </nav>
      )}
      {project === undefined && <Whole />}
      {project !== undefined && artifact === undefined && <OfProject key={project} project={project} />}
      {project !== undefined && artifact !== undefined && <Versions key={`${project}/${artifact}`} project={project} name={artifact} />}
    </Section>
  );
}

function Whole() {
  const found = useQuery({ ...queries.storage(), staleTime: 0 });
  if (found.error !== null && found.data === undefined) return <Failure what="What is stored could not be fetched." error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Outline />;
  const { database, database_bytes: databaseBytes, file_bytes: fileBytes, projects } = found.data;
  const largestFirst = [...projects].sort((one, other) => bytesOf(other) - bytesOf(one));
  return (
    <>
      <dl>
        <dt>Database</dt>
        <dd>{formatBytes(databaseBytes)} <span className="muted">({database}: runs, metrics, console)</span></dd>
        <dt>Files</dt>
        <dd>{formatBytes(fileBytes)} <span className="muted">of artifacts and media, each content once</span></dd>
      </dl>
      {projects.length === 0 ? <Empty title="No project yet"><p>The first run makes one.</p></Empty> : (
        <Table label="Table of projects" head={["Project", "Versions of artifacts", "Media", "Together"]}>
          {largestFirst.map((one) => (
            <tr key={one.name}>
              <th scope="row"><Link to="/settings/$part" params={{ part: "storage" }} search={{ project: one.name }}><bdi>{one.name}</bdi></Link></th>
              <td className={styles["numeric"]} title={lackingSizes(one.unsized_count)}>{formatAtLeast(one.artifact_bytes, one.unsized_count)}</td>
              <td className={styles["numeric"]}>{formatBytes(one.media_bytes)}</td>
              <td className={styles["numeric"]} title={lackingSizes(one.unsized_count)}>{formatAtLeast(bytesOf(one), one.unsized_count)}</td>
            </tr>
          ))}
        </Table>
      )}
      {projects.some(({ unsized_count: unsized }) => unsized > 0) && <AtLeast />}
    </>
  );
}

const AtLeast = () => <p className="muted small">≥ is a size without files that lie elsewhere and whose size nobody knows.</p>;

function OfProject({ project }: { project: string }) {
  const found = useQuery(queries.space(project));
  const [isTrashOpen, setIsTrashOpen] = useState(false);
  if (found.error !== null && found.data === undefined) return <Failure what="What the project stores could not be fetched." error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Outline />;
  const { artifacts, media_count: mediaCount, media_bytes: mediaBytes } = found.data;
  return (
    <>
      <dl>
        <dt>Media</dt>
        <dd>{mediaCount === 0 ? "none" : <>{formatBytes(mediaBytes)} <span className="muted">in {plural(mediaCount, "piece")}; they go with their runs</span></>}</dd>
        <dt>Trash</dt>
        <dd>{inTrash(found.data)} <button type="button" data-look="link" onClick={() => { setIsTrashOpen(true); }}>Open the trash</button></dd>
      </dl>
      {artifacts.length === 0 ? <p className="muted">No run of this project has logged an artifact.</p> : (
        <Table label="Table of artifacts" head={["Artifact", "Stored", "Its own", "Versions", "Nothing keeps", "In trash", "Policy"]}>
          {artifacts.map((one) => <ArtifactRow key={one.name} project={project} space={one} />)}
        </Table>
      )}
      <p className="muted small"><em>Stored</em> is each content once; <em>its own</em> is in nothing else, and is what goes if all of the artifact goes. What <em>nothing keeps</em> has no alias, no model, no run that read it, and is not the newest.</p>
      {artifacts.some((one) => one.free_unsized_count + one.trash_unsized_count > 0) && <AtLeast />}
      {isTrashOpen && <TrashDialog project={project} onClose={() => { setIsTrashOpen(false); }} />}
    </>
  );
}

function inTrash({ artifacts, trashed_run_count: runs }: ProjectSpace): string {
  const count = artifacts.reduce((sum, one) => sum + one.trash_count, 0);
  const bytes = artifacts.reduce((sum, one) => sum + one.trash_bytes, 0);
  const unsized = artifacts.reduce((sum, one) => sum + one.trash_unsized_count, 0);
  const parts = [count > 0 ? `${plural(count, "version")} of artifacts, ${formatAtLeast(bytes, unsized)}` : null, runs > 0 ? plural(runs, "run") : null].filter((part) => part !== null);
  return parts.length === 0 ? "nothing." : `${parts.join(", and ")}.`;
}

function ArtifactRow({ project, space }: { project: string; space: ArtifactSpace }) {
  return (
    <tr>
      <th scope="row">
        <Link to="/settings/$part" params={{ part: "storage" }} search={{ project, artifact: space.name }}><bdi>{space.name}</bdi></Link> <span className="muted"><bdi>{space.kind}</bdi></span>
      </th>
      <td className={styles["numeric"]}>{formatBytes(space.stored_bytes)}</td>
      <td className={styles["numeric"]}>{formatBytes(space.own_bytes)}</td>
      <td className={styles["numeric"]}>{formatCount(space.version_count)}</td>
      <td className={styles["numeric"]}>{counted(space.free_count, space.free_bytes, space.free_unsized_count)}</td>
      <td className={styles["numeric"]}>{counted(space.trash_count, space.trash_bytes, space.trash_unsized_count)}</td>
      <td className={styles["policy"]}><bdi>{policyText(space.policy)}</bdi></td>
    </tr>
  );
}

const counted = (count: number, bytes: number, unsized: number) => (count === 0 ? <span className="muted">none</span> : <span title={lackingSizes(unsized)}>{formatCount(count)}, {formatAtLeast(bytes, unsized)}</span>);

function Table({ label, head, children }: { label: string; head: readonly string[]; children: ReactNode }) {
  return (
    <div className={accounts["scroll"]} tabIndex={0} role="region" aria-label={label}>
      <table className={`${accounts["table"] ?? ""} ${styles["table"] ?? ""}`}>
        <thead>
          <tr>{head.map((one, at) => <th key={one} scope="col" className={at === 0 || one === "Policy" ? undefined : styles["numeric"]}>{one}</th>)}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
