/** One image at any size, with what is marked in it. */

import { useCallback, useState } from "react";
import type { Media } from "../../api";
import { Boxes } from "./Boxes";
import styles from "./Images.module.css";
import { Masks } from "./Masks";
import { type Marking, readImage } from "./marks";
import { Stage } from "./Stage";
import type { Size, View } from "./view";

type Props = { piece: Media; label: string; view: View; onView: (view: View) => void; marking: Marking; needsCtrl?: boolean };

export function ImageView({ piece, label, view, onView, marking, needsCtrl = false }: Props) {
  const details = readImage(piece.details);
  const [natural, setNatural] = useState<Size | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const size: Size = natural ?? { width: details.width ?? 1, height: details.height ?? 1 };
  const fail = useCallback((reason: string) => { setTrouble(reason); }, []);
  const { content_url: address } = piece;
  return (
    <Stage label={label} size={size} view={view} onView={onView} needsCtrl={needsCtrl} tools={address !== null && <a href={address} download>Download</a>}>
      {(at) => (
        <>
          {address !== null && (
            <div className={styles["held"]} style={{ position: "absolute", maxWidth: "none", ...at }}>
              <img
                src={address}
                alt={label}
                draggable={false}
                data-coarse={at.width > size.width * 2}
                onLoad={(event) => { setTrouble(null); setNatural({ width: event.currentTarget.naturalWidth, height: event.currentTarget.naturalHeight }); }}
                onError={() => { setTrouble("This image cannot be shown: its bytes are no image that a browser reads."); }}
              />
              {details.masks.length > 0 && <Masks piece={piece} masks={details.masks} marking={marking} onFailure={fail} />}
              <Boxes details={details} marking={marking} size={size} />
            </div>
          )}
          {trouble !== null && <p role="alert" className={styles["trouble"]}>{trouble}</p>}
        </>
      )}
    </Stage>
  );
}
