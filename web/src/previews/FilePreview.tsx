/**
 * What is in a file of an artifact version, by what it is. Everything here is somebody's bytes: it is shown as text, as
 * data, or in a frame where nothing runs.
 */

import { useQuery } from "@tanstack/react-query";
import { Suspense, lazy } from "react";
import { type Preview, frameAddress } from "../api";
import { formatBytes } from "../format";
import { Boundary } from "../parts/Boundary";
import { Markdown } from "../parts/Markdown";
import { Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import { fileTable } from "../tables/source";
import { ArchiveList } from "./ArchiveList";
import { Graph } from "./Graph";
import { Picture } from "./Picture";
import { SourceText } from "./SourceText";
import { Switched } from "./Switched";
import { TensorList } from "./TensorList";
import styles from "./previews.module.css";

const TableView = lazy(() => import("../tables/TableView").then((module) => ({ default: module.TableView })));
const JsonTree = lazy(() => import("./JsonTree").then((module) => ({ default: module.JsonTree })));
const NotebookCells = lazy(() => import("./NotebookCells").then((module) => ({ default: module.NotebookCells })));

/** The sanitiser takes long over more. */
const MOST_MARKDOWN = 200_000;

export type PreviewProps = { versionId: number; path: string };

export function FilePreview({ versionId, path }: PreviewProps) {
  const query = useQuery(queries.filePreview(versionId, path));
  if (query.error !== null) return <Failure what="The file could not be looked into." error={query.error} onRetry={() => void query.refetch()} />;
  if (query.data === undefined) return <Outline lines={6} />;
  const preview = query.data;
  return (
    <section aria-label={`Preview of ${path}`} className={styles["preview"]}>
      <p className={styles["head"]}>
        <span className="muted">{aboutOf(preview)}</span>
      </p>
      {preview.note !== "" && <p className={styles["note"]}>{preview.note}</p>}
      <Boundary what="The file could not be shown.">
        <Suspense fallback={<Outline lines={6} />}>
          <Shown preview={preview} versionId={versionId} />
        </Suspense>
      </Boundary>
    </section>
  );
}

function Shown({ preview, versionId }: { preview: Preview; versionId: number }) {
  const { kind, text, content_url: address, frame_url: frame, path } = preview;
  const source = text === null ? null : <SourceText text={text} size={preview.size_bytes} />;
  if (kind === "image" && address !== null) return <Picture address={address} path={path} image={preview.image} />;
  // without `crossOrigin`: the bytes are this server's own, and asked for as far as they are played
  if (kind === "audio" && address !== null) return <audio controls preload="metadata" src={address} aria-label={path} className={styles["player"]} />;
  if (kind === "video" && address !== null) return <video controls preload="metadata" src={address} aria-label={path} className={styles["player"]} />;
  if (kind === "table") return <TableView source={fileTable(versionId, path)} label="Rows" />;
  if (preview.tensors !== null) return <TensorList found={preview.tensors} />;
  if (preview.archive !== null) return <ArchiveList archive={preview.archive} />;
  if (preview.onnx !== null) return <Graph graph={preview.onnx} />;
  if (preview.notebook !== null) return <NotebookCells notebook={preview.notebook} frameOf={(cell, output) => frameAddress(versionId, path, cell, output)} />;
  if (preview.reference !== null) return <Elsewhere reference={preview.reference} />;
  if (kind === "pdf") return <p className="muted">A PDF is not drawn here: a viewer in this page would run what is in it. Download it to read it.</p>;
  if (text === null || source === null) return preview.head_hex === "" ? null : <Bytes hex={preview.head_hex} />;
  if (kind === "json" && !text.is_cut) return <Switched names={["Tree", "Text"]}>{[<JsonTree key="tree" text={text.text} />, source]}</Switched>;
  if (kind === "markdown" && text.text.length <= MOST_MARKDOWN) return <Switched names={["Page", "Text"]}>{[<Markdown key="page" text={text.text} />, source]}</Switched>;
  // no word in the sandbox: no script, no form, no way out; the server says the same of the page
  if (frame !== null) return <Switched names={["Text", "Page"]}>{[source, <iframe key="page" sandbox="" src={frame} title={`${path}, drawn without its scripts`} className={styles["frame"]} />]}</Switched>;
  return source;
}

function aboutOf({ kind, size_bytes, text, image, tensors, archive }: Preview): string {
  const what = tensors?.format ?? archive?.format ?? image?.format.toUpperCase() ?? (text !== null && kind === "code" ? text.language : kind.replace("_", " "));
  const more = [
    image !== null && image.width !== null && image.height !== null ? `${String(image.width)} × ${String(image.height)} px` : null,
    image?.mode ?? null,
    text !== null && text.encoding !== "UTF-8" ? text.encoding : null,
  ];
  return [what, ...more, formatBytes(size_bytes)].filter((one) => one !== null).join(" · ");
}

function Elsewhere({ reference }: { reference: NonNullable<Preview["reference"]> }) {
  return (
    <dl className={styles["facts"]}>
      <dt>lies at</dt>
      <dd><code>{reference.reference}</code></dd>
      {reference.digest !== "" && <><dt>sha256</dt><dd><code>{reference.digest}</code></dd></>}
      {reference.etag !== "" && <><dt>etag</dt><dd><code>{reference.etag}</code></dd></>}
      <dt>bytes</dt>
      <dd>The server has none of them, and never asks for them.</dd>
    </dl>
  );
}

const PER_LINE = 16;

function Bytes({ hex }: { hex: string }) {
  const bytes = (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  const lines = Array.from({ length: Math.ceil(bytes.length / PER_LINE) }, (_, line) => {
    const some = bytes.slice(line * PER_LINE, (line + 1) * PER_LINE);
    const words = some.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
    return `${(line * PER_LINE).toString(16).padStart(4, "0")}  ${some.map((byte) => byte.toString(16).padStart(2, "0")).join(" ").padEnd(3 * PER_LINE)} ${words}`;
  });
  return <pre className={styles["text"]} tabIndex={0} aria-label="First bytes">{lines.join("\n")}</pre>;
}
