/** Two images in one place: the one wiped over the other, both by turns, or how much they differ. */

import { useEffect, useRef, useState } from "react";
import type { Media } from "../../api";
import { difference } from "./difference";
import styles from "./Images.module.css";
import { readImage } from "./marks";
import { Stage } from "./Stage";
import type { Rectangle, Size, View } from "./view";

const BLINK_MS = 700;
const MOST_PIXELS = 16_000_000;

export type PairLook = "wipe" | "blink" | "difference";

type Side = { piece: Media; name: string };
type Props = { look: PairLook; left: Side; right: Side; view: View; onView: (view: View) => void };

export function PairView({ look, left, right, view, onView }: Props) {
  const details = readImage(left.piece.details);
  const [natural, setNatural] = useState<Size | null>(null);
  const [cut, setCut] = useState(50);
  const [isRight, setIsRight] = useState(false);
  const [isBlinking, setIsBlinking] = useState(() => !window.matchMedia("(prefers-reduced-motion: reduce)").matches);
  const [gain, setGain] = useState(4);
  const [said, setSaid] = useState("");
  const size: Size = natural ?? { width: details.width ?? 1, height: details.height ?? 1 };
  useEffect(() => {
    if (look !== "blink" || !isBlinking) return;
    const timer = window.setInterval(() => { setIsRight((now) => !now); }, BLINK_MS);
    return () => { window.clearInterval(timer); };
  }, [look, isBlinking]);
  const shown = isRight ? right : left;
  const label = look === "difference" ? `Difference of ${left.name} and ${right.name}` : look === "wipe" ? `${left.name} at the left, ${right.name} at the right` : `${left.name} and ${right.name} by turns`;
  const tools = (
    <>
      {look === "wipe" && <label>Wipe <input type="range" aria-label="Wipe" min={0} max={100} value={cut} onChange={(event) => { setCut(Number(event.target.value)); }} /></label>}
      {look === "blink" && (
        <>
          <button type="button" aria-pressed={isBlinking} onClick={() => { setIsBlinking(!isBlinking); }}>{isBlinking ? "Stop" : "Blink"}</button>
          {!isBlinking && <button type="button" onClick={() => { setIsRight(!isRight); }}>The other</button>}
          <strong><bdi>{shown.name}</bdi></strong>
        </>
      )}
      {look === "difference" && (
        <>
          <label>
            Times{" "}
            <select value={gain} aria-label="Times" onChange={(event) => { setGain(Number(event.target.value)); }}>
              {[1, 2, 4, 8, 16, 64].map((times) => <option key={times}>{times}</option>)}
            </select>
          </label>
          <output aria-label="How much differs">{said}</output>
        </>
      )}
    </>
  );
  return (
    <Stage label={label} size={size} view={view} onView={onView} needsCtrl tools={tools}>
      {(at, place) => (
        <>
          {look !== "difference" && <Layer piece={left.piece} alt={left.name} at={at} size={size} isHidden={look === "blink" && isRight} onSize={setNatural} />}
          {look === "wipe" && (
            <div className={styles["wiped"]} style={{ clipPath: `inset(0 0 0 ${String(cut)}%)`, width: place.width, height: place.height }}>
              <Layer piece={right.piece} alt={right.name} at={at} size={size} />
            </div>
          )}
          {look === "wipe" && <span className={styles["cut"]} style={{ left: `${String(cut)}%` }} aria-hidden="true" />}
          {look === "blink" && <Layer piece={right.piece} alt={right.name} at={at} size={size} isHidden={!isRight} />}
          {look === "difference" && <Distance left={left.piece} right={right.piece} at={at} gain={gain} onSaid={setSaid} onSize={setNatural} />}
        </>
      )}
    </Stage>
  );
}

type LayerProps = { piece: Media; alt: string; at: Rectangle; size: Size; isHidden?: boolean; onSize?: (size: Size) => void };

function Layer({ piece, alt, at, size, isHidden = false, onSize }: LayerProps) {
  const [broken, setBroken] = useState<string | null>(null);
  if (piece.content_url === null || broken === piece.content_url) return <p role="alert" className={styles["trouble"]}>The image of <bdi>{alt}</bdi> cannot be shown.</p>;
  return (
    <div className={styles["held"]} style={{ position: "absolute", maxWidth: "none", visibility: isHidden ? "hidden" : undefined, ...at }}>
      <img src={piece.content_url} alt={alt} draggable={false} data-coarse={at.width > size.width * 2} data-stretched="true" onError={() => { setBroken(piece.content_url); }} onLoad={(event) => { onSize?.({ width: event.currentTarget.naturalWidth, height: event.currentTarget.naturalHeight }); }} />
    </div>
  );
}

type DistanceProps = { left: Media; right: Media; at: Rectangle; gain: number; onSaid: (said: string) => void; onSize: (size: Size) => void };

function Distance({ left, right, at, gain, onSaid, onSize }: DistanceProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let isGone = false;
    void (async () => {
      try {
        const [one, other] = await Promise.all([load(left), load(right)]);
        if (isGone || canvas.current === null) return;
        const size = { width: one.naturalWidth, height: one.naturalHeight };
        if (size.width * size.height > MOST_PIXELS) throw new Error("These images are too large to be subtracted here.");
        const found = difference(pixelsOf(one, size), pixelsOf(other, size), gain);
        Object.assign(canvas.current, size);
        canvas.current.getContext("2d")?.putImageData(new ImageData(found.pixels, size.width, size.height), 0, 0);
        onSize(size);
        const isScaled = other.naturalWidth !== size.width || other.naturalHeight !== size.height;
        onSaid(`${(found.differing * 100).toFixed(found.differing < 0.1 ? 2 : 0)} % of pixels differ, by ${found.mean.toFixed(2)} of 255 on average and ${String(found.greatest)} at most${isScaled ? "; the other has another size and was scaled" : ""}`);
      } catch (error) {
        if (!isGone) onSaid(error instanceof Error && error.message !== "" ? error.message : "One of the images cannot be read.");
      }
    })();
    return () => { isGone = true; };
  }, [left, right, gain, onSaid, onSize]);
  return <canvas ref={canvas} className={styles["distance"]} style={{ position: "absolute", ...at }} />;
}

async function load(piece: Media): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = piece.content_url ?? "";
  await image.decode().catch(() => { throw new Error("One of the images cannot be read."); });
  return image;
}

function pixelsOf(image: HTMLImageElement, { width, height }: Size): Uint8ClampedArray {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("This browser cannot read images.");
  context.drawImage(image, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}
