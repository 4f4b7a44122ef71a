/** The files of a version: a tree that asks for one folder at a time, and what is in the chosen file beside it. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Suspense, lazy, useState } from "react";
import { type ArtifactAbout, type FileEntry, type TreePage, fileAddress } from "../api";
import { formatBytes, formatCount, formatFileBytes, plural } from "../format";
import { CopyButton } from "../parts/Code";
import { Icon } from "../parts/Icon";
import { Failure, Outline } from "../parts/Note";
import { useDraft } from "../parts/useDraft";
import { queries } from "../queries";
import styles from "./Artifacts.module.css";

const FilePreview = lazy(() => import("../previews/FilePreview").then((module) => ({ default: module.FilePreview })));

const TYPING_MS = 250;

export function FilesTab({ about }: { about: ArtifactAbout }) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const file = search["file"] ?? null;
  const [find, setFind] = useState("");
  const [draft, setDraft] = useDraft(find, setFind, TYPING_MS);
  const choose = (path: string) => void navigate({ to: ".", search: { ...search, file: path }, resetScroll: false });
  if (about.file_count === 0) return <p className="muted">This version has no files.</p>;
  const opened = file === null ? [] : parentsOf(file);
  return (
    <div className={styles["files"]}>
      <section aria-label="Files of the version" className={styles["tree"]}>
        <input type="search" aria-label="Find a file" placeholder="Find a file" value={draft} onChange={(event) => { setDraft(event.target.value); }} />
        <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Tree">
          <Folder id={about.id} path="" find={find} chosen={file} opened={opened} onChoose={choose} />
        </div>
      </section>
      <section aria-label="Chosen file" className={styles["pane"]}>
        {file === null ? <p className="muted">Choose a file to see what is in it.</p> : <Chosen id={about.id} path={file} />}
      </section>
    </div>
  );
}

/** The folders that a path lies in. */
const parentsOf = (path: string): string[] => path.split("/").slice(0, -1).map((_, index, parts) => parts.slice(0, index + 1).join("/"));

type FolderProps = { id: number; path: string; find: string; chosen: string | null; opened: readonly string[]; onChoose: (path: string) => void };

function Folder({ id, path, find, chosen, opened, onChoose }: FolderProps) {
  const query = useInfiniteQuery(queries.artifactTree(id, path, find));
  if (query.data === undefined) return query.error === null ? <Outline lines={3} /> : <Failure what="The folder could not be fetched." error={query.error} onRetry={() => void query.refetch()} />;
  const { pages } = query.data;
  const folders = pages.flatMap((page) => page.folders);
  const files = pages.flatMap((page) => page.files);
  return (
    <>
      {find !== "" && files.length === 0 && <p className="muted" role="status">No file has “{find}” in its path.</p>}
      <ul>
        {folders.map((folder) => <SubFolder key={folder.path} folder={folder} {...{ id, chosen, opened, onChoose }} />)}
        {files.map((file) => <File key={file.path} file={file} label={find === "" ? nameOf(file.path) : file.path} isChosen={file.path === chosen} onChoose={onChoose} />)}
      </ul>
      {query.hasNextPage && <button type="button" data-look="link" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{find === "" ? restOf(pages) : "Show more"}</button>}
    </>
  );
}

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

function restOf(pages: readonly TreePage[]): string {
  const first = pages[0];
  const left = (first?.folder_count ?? 0) + (first?.own_count ?? 0) - pages.reduce((sum, { folders, files }) => sum + folders.length + files.length, 0);
  return `Show more of the ${formatCount(left)} left`;
}

type SubProps = Omit<FolderProps, "path" | "find"> & { folder: TreePage["folders"][number] };

function SubFolder({ folder, id, chosen, opened, onChoose }: SubProps) {
  const [isOpen, setIsOpen] = useState(opened.includes(folder.path));
  return (
    <li>
      <button type="button" data-look="plain" className={styles["entry"]} aria-expanded={isOpen} onClick={() => { setIsOpen(!isOpen); }}>
        <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span>
        <bdi className={styles["name"]}>{nameOf(folder.path)}/</bdi>
        <span className="muted" title={`${plural(folder.file_count, "file")}${folder.size_bytes > 0 ? `, ${formatBytes(folder.size_bytes)}` : ""}`}>{formatCount(folder.file_count)}<span className="visually-hidden"> files</span></span>
      </button>
      {isOpen && <div className={styles["below"]}><Folder id={id} path={folder.path} find="" {...{ chosen, opened, onChoose }} /></div>}
    </li>
  );
}

type FileProps = { file: FileEntry; label: string; isChosen: boolean; onChoose: (path: string) => void };

function File({ file, label, isChosen, onChoose }: FileProps) {
  return (
    <li>
      <button type="button" data-look="plain" className={styles["entry"]} aria-pressed={isChosen} title={file.path} onClick={() => { onChoose(file.path); }}>
        <Icon name="file" size={13} />
        <bdi className={styles["name"]}>{label}</bdi>
        <span className="muted">{formatFileBytes(file)}</span>
      </button>
    </li>
  );
}

function Chosen({ id, path }: { id: number; path: string }) {
  const query = useQuery(queries.artifactEntry(id, path));
  if (query.data === undefined) return query.error === null ? <Outline lines={4} /> : <Failure what="The file could not be found." error={query.error} onRetry={() => void query.refetch()} />;
  const { reference, digest, etag } = query.data;
  const isElsewhere = reference !== undefined && reference !== "";
  return (
    <>
      <h2 className={styles["path"]}><bdi>{path}</bdi></h2>
      <p className={styles["about"]}>
        <span>{formatFileBytes(query.data)}</span>
        {digest !== "" && <span className="mono" title={digest}>sha256 {digest.slice(0, 12)}…</span>}
        {!isElsewhere && <a href={fileAddress(id, path)} download><Icon name="download" /> Download</a>}
        <span>path <CopyButton text={path} label="Copy path" /></span>
        {digest !== "" && <span>digest <CopyButton text={digest} label="Copy digest" /></span>}
      </p>
      {isElsewhere && (
        <p role="note" className={styles["path"]}>
          It lies at <code>{reference}</code> <CopyButton text={reference} label="Copy where it lies" />, and the server has no copy.{" "}
          {digest === "" ? "Nobody has read it, so its bytes are not verified" : "A client that fetches it verifies its sha256"}{etag === undefined || etag === "" ? "." : <>; there it is called <code>{etag}</code>.</>}
        </p>
      )}
      {!isElsewhere && <Suspense fallback={<Outline lines={6} />}><FilePreview key={path} versionId={id} path={path} /></Suspense>}
    </>
  );
}
