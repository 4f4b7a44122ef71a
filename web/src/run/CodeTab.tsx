/** What of the code was not committed when the run started: the patch, files that Git does not follow, cells. */

import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type RunDetail, reasonOf } from "../api";
import { CodeDiff } from "../compare/CodeDiff";
import { plural } from "../format";
import { CopyButton } from "../parts/Code";
import { Empty } from "../parts/Note";
import { queries } from "../queries";
import styles from "./CodeTab.module.css";
import { OtherRunField } from "./OtherRunField";
import { type Git, type Source, gitOf, leftOutOf, sourcesOf } from "./environment";
import { type PatchFile, readPatch } from "./patch";

export function CodeTab({ run }: { run: RunDetail }) {
  const git = gitOf(run.environment);
  const sources = sourcesOf(run.environment);
  if (git === null && sources.length === 0) return <Empty title="No repository"><p>The run was not started inside a Git repository.</p></Empty>;
  return (
    <section aria-label="Code" className={styles["code"]}>
      <Against run={run} />
      {git !== null && <Committed git={git} />}
      {sources.length > 0 && (
        <>
          <p className={styles["summary"]}>{plural(sources.length, "piece")} of source that no commit has</p>
          {sources.map((source) => (
            <SourceText key={source.name} source={source} />
          ))}
        </>
      )}
      <NotCaptured run={run} />
    </section>
  );
}

/** The code of this run against that of another. */
function Against({ run }: { run: RunDetail }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const other = useQuery({ ...queries.run(chosen ?? ""), enabled: chosen !== null });
  return (
    <div className={styles["summary"]}>
      <OtherRunField run={run} label="Compare the code with" none="compare with…" chosen={chosen} onChoose={setChosen} />
      {other.error !== null && <span role="alert">That run could not be fetched: {reasonOf(other.error)}</span>}
      {chosen !== null && other.data !== undefined && <CodeDiff before={other.data} after={run} onClose={() => { setChosen(null); }} />}
    </div>
  );
}

function Committed({ git }: { git: Git }) {
  const patch = git.patch ?? "";
  const files = useMemo(() => readPatch(patch), [patch]);
  return (
    <>
      <p>
        Commit <span className="mono">{git.commit ?? "unknown"}</span>
        {git.commit !== null && <CopyButton text={git.commit} label="Copy commit" />}
        {git.branch !== null && <> on <bdi>{git.branch}</bdi></>}
      </p>
      {files.length === 0 ? (
        <p className="muted">{git.isDirty ? "There were uncommitted changes, but no patch of them was kept." : "Everything was committed."}</p>
      ) : (
        <>
          <p className={styles["summary"]}>
            {plural(files.length, "file")} with uncommitted changes <CopyButton text={patch} label="Copy the patch" />
          </p>
          {files.map((file) => (
            <FilePatch key={file.path} file={file} />
          ))}
        </>
      )}
    </>
  );
}

function SourceText({ source: { name, text } }: { source: Source }) {
  const count = text.split("\n").length;
  return (
    <details className={styles["file"]} open={count < LONG}>
      <summary>
        <bdi>{name}</bdi>
        <span className={styles["counts"]}>{plural(count, "line")}</span>
      </summary>
      <pre tabIndex={0} aria-label={name}>
        <span>{text}</span>
      </pre>
    </details>
  );
}

function NotCaptured({ run }: { run: RunDetail }) {
  const { listed, count } = leftOutOf(run.environment);
  if (count === 0) return null;
  return (
    <details>
      <summary className="muted">{plural(count, "untracked file")} not captured</summary>
      <ul>
        {listed.map(({ path, reason }) => (
          <li key={path}>
            <bdi>{path}</bdi> <span className="muted">{reason}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Larger ones open when asked for. */
const LONG = 400;

function FilePatch({ file }: { file: PatchFile }) {
  return (
    <details className={styles["file"]} open={file.lines.length < LONG}>
      <summary>
        <bdi>{file.path}</bdi>
        <span className={styles["counts"]}>
          <span data-kind="added">+{file.added}</span> <span data-kind="removed">−{file.removed}</span>
        </span>
      </summary>
      <pre tabIndex={0} aria-label={`Changes of ${file.path}`}>
        {file.lines.map(({ kind, text }, index) => (
          <span key={index} data-kind={kind}>
            {text}
            {"\n"}
          </span>
        ))}
      </pre>
    </details>
  );
}
