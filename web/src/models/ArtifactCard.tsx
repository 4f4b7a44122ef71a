/** One artifact version: its files with sizes and digests, its models, and the buttons that make it one. */

import { Link } from "@tanstack/react-router";
import { Suspense, lazy, useState } from "react";
import { type ModelVersion, type RunArtifact, fileAddress } from "../api";
import { ArtifactLink } from "../artifacts/links";
import { formatAtLeast, formatFileBytes, lackingSizes, plural } from "../format";
import { Button } from "../parts/Button";
import { CopyButton } from "../parts/Code";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { useFew } from "../parts/useFew";
import { useRights } from "../rights";
import { AliasChip } from "./AliasChip";
import styles from "./ArtifactCard.module.css";
import { PromoteDialog } from "./PromoteDialog";
import { RegisterDialog } from "./RegisterDialog";
import { modelNameFrom } from "./promotion";

const FilePreview = lazy(() => import("../previews/FilePreview").then((module) => ({ default: module.FilePreview })));

export function ArtifactCard({ artifact, versions }: { artifact: RunArtifact; versions: readonly ModelVersion[] }) {
  const name = `${artifact.name}:v${String(artifact.version)}`;
  return (
    <article className={styles["card"]} aria-label={name}>
      <header className={styles["head"]}>
        <div>
          <h3>
            <ArtifactLink artifact={artifact} /> {artifact.aliases.map((alias) => <AliasChip key={alias} alias={alias} />)}
          </h3>
          <p className="muted">
            {artifact.kind} · {plural(artifact.file_count, "file")} · <span title={lackingSizes(artifact.unsized_count)}>{formatAtLeast(artifact.size_bytes, artifact.unsized_count)}</span> · <Ago ms={artifact.created_ms} />
          </p>
        </div>
        <Actions artifact={artifact} versions={versions} />
      </header>
      {versions.length > 0 && (
        <p className={styles["models"]}>
          {versions.map((one) => (
            <span key={`${one.model} ${String(one.version)}`}>
              registered as{" "}
              <Link to="/models/$name/$version" params={{ name: one.model, version: String(one.version) }}>
                {one.model} v{one.version}
              </Link>{" "}
              {one.aliases.map((alias) => <AliasChip key={alias} alias={alias} />)}
            </span>
          ))}
        </p>
      )}
      <FileList id={artifact.id} files={artifact.files} />
    </article>
  );
}

function Actions({ artifact, versions }: { artifact: RunArtifact; versions: readonly ModelVersion[] }) {
  const [open, setOpen] = useState<"promote" | "register" | null>(null);
  const close = () => { setOpen(null); };
  const withheld = useRights(artifact.project);
  const suggestedModel = versions[0]?.model ?? modelNameFrom(artifact.name);
  return (
    <div className={styles["actions"]}>
      <Button reason={withheld("editor")} onClick={() => { setOpen("register"); }}>Register model</Button>
      <Button reason={withheld("editor")} data-look="primary" onClick={() => { setOpen("promote"); }}>Promote…</Button>
      {open === "promote" && <PromoteDialog target={{ kind: "artifact", project: artifact.project, artifactVersion: artifact.id, suggestedModel, alias: "production" }} onClose={close} />}
      {open === "register" && <RegisterDialog artifact={artifact} suggestedModel={suggestedModel} onClose={close} />}
    </div>
  );
}

/** With a reference, or without a digest, its bytes lie elsewhere. */
type File = { path: string; digest: string; size_bytes: number; reference?: string };

const isElsewhere = ({ digest, reference = "" }: File) => digest === "" || reference !== "";

/** More than these are drawn as far as one asks for them, and found by their names. */
const MANY_FILES = 200;

export function FileList({ id, files }: { id: number; files: readonly File[] }) {
  const [text, setText] = useState("");
  const [open, setOpen] = useState<string | null>(null);
  const found = text === "" ? files : files.filter(({ path }) => path.toLowerCase().includes(text.trim().toLowerCase()));
  const { shown, more } = useFew(found, MANY_FILES);
  return (
    <>
      {files.length > MANY_FILES && (
        <p className={styles["find"]}>
          <input type="search" aria-label="Find a file" placeholder="Find a file" value={text} onChange={(event) => { setText(event.target.value); }} /> <span className="muted">{plural(found.length, "file")}</span>
        </p>
      )}
      <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Files">
        <table className={styles["files"]}>
          <thead>
            <tr>
              <th scope="col">file</th>
              <th scope="col" className="number">size</th>
              <th scope="col">sha256</th>
              <th scope="col"><span className="visually-hidden">Download</span></th>
            </tr>
          </thead>
          <tbody>
            {shown.map((file) => (
              <tr key={file.path}>
                <th scope="row">
                  <button type="button" data-look="link" title="Preview" onClick={() => { setOpen(file.path); }}><bdi>{file.path}</bdi></button>
                </th>
                <td className="number">{formatFileBytes(file)}</td>
                <td className="mono" title={file.digest}>
                  {file.digest !== "" && (
                    <span className={styles["digest"]}>
                      {file.digest.slice(0, 12)}… <CopyButton text={file.digest} label={`Copy digest of ${file.path}`} />
                    </span>
                  )}
                </td>
                <td>
                  {isElsewhere(file) ? <span className="muted" title={file.reference}>elsewhere</span> : (
                    <a href={fileAddress(id, file.path)} download aria-label={`Download ${file.path}`} title="Download">
                      <Icon name="download" />
                    </a>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {more}
      </div>
      {open !== null && (
        <Dialog title={open} width="full" onClose={() => { setOpen(null); }}>
          {!files.some((file) => file.path === open && isElsewhere(file)) && <p><a href={fileAddress(id, open)} download>Download</a></p>}
          <Suspense fallback={<Outline lines={6} />}><FilePreview versionId={id} path={open} /></Suspense>
        </Dialog>
      )}
    </>
  );
}
