/** The code of a run beside the baseline's: what neither commit tells is compared file by file. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { RunDetail, RunRow } from "../api";
import { plural } from "../format";
import { Dialog } from "../parts/Dialog";
import { DiffLayout, LineDiff } from "../parts/LineDiff";
import { Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import codeStyles from "../run/CodeTab.module.css";
import type { Commit } from "../run/environment";
import { type Between, type FileChange, type PackageChange, codeChanges } from "./codeChanges";

export function CodeDiff({ before, after, onClose }: { before: Pick<RunRow, "id" | "name">; after: Pick<RunRow, "id" | "name">; onClose: () => void }) {
  const one = useQuery(queries.run(before.id));
  const other = useQuery(queries.run(after.id));
  const error = one.error ?? other.error;
  return (
    <Dialog title={`Code of ${after.name} against ${before.name}`} width="wide" onClose={onClose}>
      {error !== null && <Failure what="The code could not be fetched." error={error} />}
      {one.data !== undefined && other.data !== undefined ? <Changes before={one.data} after={other.data} /> : <Outline />}
    </Dialog>
  );
}

function Changes({ before, after }: { before: RunDetail; after: RunDetail }) {
  const { commits, between, patches, sources, packages } = useMemo(() => codeChanges(before.environment, after.environment), [before, after]);
  const [old, fresh] = commits;
  return (
    <div className={codeStyles["code"]}>
      <p>
        {old === null && fresh === null ? "Neither ran in a Git repository." : old === fresh ? <>Both ran on commit <CommitId id={fresh} />.</> : <>The commit went from <CommitId id={old} /> to <CommitId id={fresh} />.</>}
      </p>
      {old !== fresh && <Commits between={between} names={[before.name, after.name]} />}
      {patches.length + sources.length > 0 && <DiffLayout />}
      <Files title="with other uncommitted changes" files={patches} />
      <Files title="that no commit has" files={sources} />
      {patches.length + sources.length === 0 && <p className="muted">What was not committed is the same for both.</p>}
      <Packages changes={packages} names={[before.name, after.name]} />
    </div>
  );
}

const CommitId = ({ id }: { id: string | null }) => <span className="mono">{id === null ? "unknown" : id.slice(0, 12)}</span>;

function Commits({ between, names: [before, after] }: { between: Between; names: readonly [string, string] }) {
  if (between === null) return <p className="muted">What was committed between them is known to Git: the last hundred commits of the two, as far as they were captured, have none in common.</p>;
  return (
    <>
      <CommitList title={<>of <bdi>{after}</bdi> alone</>} commits={between.after} />
      <CommitList title={<>of <bdi>{before}</bdi> alone</>} commits={between.before} />
    </>
  );
}

function CommitList({ title, commits }: { title: ReactNode; commits: readonly Commit[] }) {
  if (commits.length === 0) return null;
  return (
    <>
      <p className={codeStyles["summary"]}>{plural(commits.length, "commit")} {title}</p>
      <ol className={codeStyles["commits"]}>
        {commits.map(({ id, subject }) => <li key={id}><CommitId id={id} /> <bdi>{subject}</bdi></li>)}
      </ol>
    </>
  );
}

function Packages({ changes, names: [before, after] }: { changes: readonly PackageChange[]; names: readonly [string, string] }) {
  if (changes.length === 0) return <p className="muted">The packages are the same for both.</p>;
  return (
    <details className={codeStyles["file"]} open={changes.length <= FEW_PACKAGES}>
      <summary>{plural(changes.length, "other package")}</summary>
      <table aria-label="Packages">
        <thead><tr><th scope="col">Package</th><th scope="col"><bdi>{before}</bdi></th><th scope="col"><bdi>{after}</bdi></th></tr></thead>
        <tbody>
          {changes.map((change) => <tr key={change.name}><th scope="row"><bdi>{change.name}</bdi></th><td>{change.before ?? "not installed"}</td><td>{change.after ?? "not installed"}</td></tr>)}
        </tbody>
      </table>
    </details>
  );
}

const FEW_PACKAGES = 20;

function Files({ title, files }: { title: string; files: readonly FileChange[] }) {
  if (files.length === 0) return null;
  return (
    <>
      <p className={codeStyles["summary"]}>{plural(files.length, "file")} {title}</p>
      {files.map(({ name, kind, lines }) => (
        <details key={name} className={codeStyles["file"]} open>
          <summary>
            <bdi>{name}</bdi>
            <span className="muted">{kind}</span>
          </summary>
          <LineDiff name={name} names={["before", "now"]} lines={lines} />
        </details>
      ))}
    </>
  );
}
