/** The code of a run beside the baseline's: what neither commit tells is compared file by file. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { RunDetail, RunRow } from "../api";
import { plural } from "../format";
import { Dialog } from "../parts/Dialog";
import { Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import codeStyles from "../run/CodeTab.module.css";
import { type FileChange, codeChanges } from "./codeChanges";

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
  const { commits, patches, sources } = useMemo(() => codeChanges(before.environment, after.environment), [before, after]);
  const [old, fresh] = commits;
  return (
    <div className={codeStyles["code"]}>
      <p>
        {old === null && fresh === null ? "Neither ran in a Git repository." : old === fresh ? <>Both ran on commit <Commit id={fresh} />.</> : <>The commit went from <Commit id={old} /> to <Commit id={fresh} />; what was committed between them is known to Git.</>}
      </p>
      <Files title="with other uncommitted changes" files={patches} />
      <Files title="that no commit has" files={sources} />
      {patches.length + sources.length === 0 && <p className="muted">What was not committed is the same for both.</p>}
    </div>
  );
}

const Commit = ({ id }: { id: string | null }) => <span className="mono">{id === null ? "unknown" : id.slice(0, 12)}</span>;

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
          {lines === null ? (
            <p className="muted">The two have too little in common to be compared line by line.</p>
          ) : (
            <pre tabIndex={0} aria-label={`Changes of ${name}`}>
              {lines.map((line, index) => (
                <span key={index} data-kind={line.kind}>
                  {line.text}
                  {"\n"}
                </span>
              ))}
            </pre>
          )}
        </details>
      ))}
    </>
  );
}
