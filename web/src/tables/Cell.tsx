/** One cell of a table: a number, a text, or a picture, sound or film. */

import type { SyntheticEvent } from "react";
import type { TableColumn } from "../api";
import { Dialog } from "../parts/Dialog";
import type { GridCell } from "./RowGrid";
import { type MediaCell, cellText, mediaIn, plainText } from "./cells";
import styles from "./tables.module.css";

export const widthOf = (type: TableColumn["type"]): number => ({ number: 110, boolean: 80, time: 170, media: 190, json: 220, text: 200 })[type];

export function cellOf(value: unknown, type: TableColumn["type"]): GridCell {
  const media = type === "media" ? mediaIn(value) : null;
  if (media !== null) return { content: <MediaInCell media={media} />, title: media.caption === "" ? media.file : media.caption };
  const text = cellText(value, type);
  return { content: value === null || value === undefined ? <span className="muted" aria-label="missing">–</span> : <bdi>{text}</bdi>, title: text };
}

function MediaInCell({ media, isLarge = false }: { media: MediaCell; isLarge?: boolean }) {
  const name = media.caption === "" ? media.file : media.caption;
  if (media.address === null) return <bdi>{name}</bdi>;
  const look = styles[isLarge ? "large" : "small"];
  if (media.kind === "image") return <img src={media.address} alt={name} loading="lazy" className={look} onLoad={markTiny} />;
  if (media.kind === "audio") return <audio src={media.address} controls preload="none" aria-label={name} className={look} />;
  if (media.kind === "video") return <video src={media.address} controls preload="metadata" aria-label={name} className={look} />;
  return <a href={media.address} download><bdi>{name}</bdi></a>;
}

/** Of few pixels it is drawn larger, each pixel a square. */
function markTiny({ currentTarget: image }: SyntheticEvent<HTMLImageElement>) {
  image.dataset["tiny"] = String(image.naturalWidth > 0 && image.naturalHeight < TINY_PX && image.naturalWidth < TINY_PX);
}

const TINY_PX = 48;

/** The whole of a cell, as far as it was sent. */
export function CellDialog({ title, value, onClose }: { title: string; value: unknown; onClose: () => void }) {
  const media = mediaIn(value);
  return (
    <Dialog title={title} width="wide" onClose={onClose}>
      {media !== null ? <MediaInCell media={media} isLarge /> : <pre className={styles["whole"]} tabIndex={0}>{typeof value === "object" && value !== null ? JSON.stringify(value, null, 2) : plainText(value)}</pre>}
    </Dialog>
  );
}
