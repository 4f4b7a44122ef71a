/** Images of one name at one step, small; each enlarges. */

import { useState } from "react";
import type { Media } from "../../api";
import { Boxes } from "./Boxes";
import styles from "./Images.module.css";
import { type Marking, readImage } from "./marks";

type Props = { pieces: readonly Media[]; marking: Marking; onEnlarge: (piece: Media) => void };

export function ImageGrid({ pieces, marking, onEnlarge }: Props) {
  return (
    <ul className={styles["grid"]} data-alone={pieces.length === 1}>
      {pieces.map((piece, index) => (
        // the place, so that from step to step one image gives way to the next without a blank between them
        <li key={index}>
          <Small piece={piece} number={pieces.length === 1 ? null : index + 1} isAlone={pieces.length === 1} marking={marking} onEnlarge={onEnlarge} />
        </li>
      ))}
    </ul>
  );
}

export function labelOf(piece: Media, number: number | null): string {
  return [piece.caption === "" ? piece.name : piece.caption, number === null ? "" : `image ${String(number)}`, `step ${String(piece.step)}`].filter((part) => part !== "").join(", ");
}

function Small({ piece, number, isAlone, marking, onEnlarge }: { piece: Media; number: number | null; isAlone: boolean; marking: Marking; onEnlarge: (piece: Media) => void }) {
  const [broken, setBroken] = useState<string | null>(null);
  const details = readImage(piece.details);
  const { width, height } = details;
  const address = smallAddress(piece, isAlone);
  const label = labelOf(piece, number);
  return (
    <>
      <button type="button" className={styles["small"]} aria-label={`Enlarge ${label}`} onClick={() => { onEnlarge(piece); }}>
        {broken === address || address === null ? (
          <span className={styles["broken"]}>This image cannot be shown small. Open it, or download it there.</span>
        ) : (
          <span className={styles["held"]} style={width !== null && height !== null ? { aspectRatio: `${String(width)} / ${String(height)}` } : undefined}>
            <img src={address} alt={piece.caption} loading="lazy" decoding="async" data-coarse={width !== null && width < 160} onError={() => { setBroken(address); }} />
            {width !== null && height !== null && <Boxes details={details} marking={marking} size={{ width, height }} />}
          </span>
        )}
      </button>
      {piece.caption !== "" && <p className={styles["caption"]} title={piece.caption}><bdi>{piece.caption}</bdi></p>}
    </>
  );
}

/** Where the picture is that a grid shows of a piece; null where it has none. */
export function smallAddress(piece: Media, isAlone: boolean): string | null {
  const { width } = readImage(piece.details);
  return isAlone && width !== null && width <= 512 ? piece.content_url : sized(piece.thumbnail_url, isAlone ? 512 : 256);
}

const sized = (address: string | null, width: number) => (address === null ? null : `${address}${address.includes("?") ? "&" : "?"}width=${String(width)}`);
