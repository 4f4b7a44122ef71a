/** An image: as wide as there is room, or pixel by pixel. */

import { useState } from "react";
import type { Preview } from "../api";
import styles from "./previews.module.css";

const ZOOMS = [1, 2, 4, 8];

export function Picture({ address, path, image }: { address: string; path: string; image: Preview["image"] }) {
  const [zoom, setZoom] = useState<number | null>(null);
  const [isBroken, setIsBroken] = useState(false);
  const width = image?.width ?? null;
  if (isBroken) return <p className={styles["note"]} role="alert">The browser cannot draw this image: it is damaged, or of a kind that it does not know.</p>;
  return (
    <>
      <div className={styles["switch"]} role="group" aria-label="Zoom">
        <button type="button" aria-pressed={zoom === null} onClick={() => { setZoom(null); }}>Fit</button>
        {width !== null && ZOOMS.map((one) => <button key={one} type="button" aria-pressed={zoom === one} onClick={() => { setZoom(one); }}>{one * 100} %</button>)}
      </div>
      <div className={styles["picture"]} tabIndex={0} role="region" aria-label="Image">
        <img src={address} alt={path} data-fit={zoom === null} width={zoom === null || width === null ? undefined : width * zoom} onError={() => { setIsBroken(true); }} />
      </div>
    </>
  );
}
