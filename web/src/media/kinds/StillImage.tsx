/** An animated picture that can be stopped, and then stepped where the browser decodes single frames. */

import { useEffect, useRef, useState } from "react";
import { api } from "../../api";
import styles from "./kinds.module.css";
import type { Piece } from "./piece";

/** Frames of a larger one are not stepped: it would have to be held whole. */
const MOST_BYTES = 64 * 1024 * 1024;

type Props = { address: string; format: "gif" | "webp"; piece: Piece; label: string };

export function StillImage({ address, format, piece, label }: Props) {
  const [isStopped, setIsStopped] = useState(() => window.matchMedia("(prefers-reduced-motion: reduce)").matches || document.documentElement.dataset["motion"] === "reduced");
  const [frame, setFrame] = useState(1);
  const [count, setCount] = useState<number | null>(null);
  const image = useRef<HTMLImageElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const decoder = useDecoder(address, format, piece.size_bytes, isStopped, setCount);
  useEffect(() => {
    if (!isStopped || canvas.current === null) return;
    const target = canvas.current;
    let isGone = false;
    void pictureOf(decoder, frame - 1, image.current).then((picture) => {
      if (isGone || picture === null) return;
      const [width, height] = picture instanceof HTMLImageElement ? [picture.naturalWidth, picture.naturalHeight] : [picture.displayWidth, picture.displayHeight];
      Object.assign(target, { width, height });
      target.getContext("2d")?.drawImage(picture, 0, 0);
      if (!(picture instanceof HTMLImageElement)) picture.close();
    });
    return () => { isGone = true; };
  }, [isStopped, frame, decoder]);
  const go = (next: number) => { setFrame(Math.min(count ?? 1, Math.max(1, next))); };
  return (
    <>
      <div className={styles["still"]}>
        <img ref={image} src={address} alt={piece.caption === "" ? `${label}, animated` : piece.caption} loading="lazy" data-hidden={isStopped} onLoad={() => { setFrame((now) => now); }} />
        {isStopped && <canvas ref={canvas} role="img" aria-label={`${label}, stopped at frame ${String(frame)}`} />}
      </div>
      <div className={styles["tools"]}>
        <button type="button" aria-pressed={isStopped} onClick={() => { setIsStopped(!isStopped); }}>{isStopped ? "Go on" : "Stop"}</button>
        {isStopped && count !== null && (
          <>
            <button type="button" aria-label="Previous frame" title="Previous frame" disabled={frame <= 1} onClick={() => { go(frame - 1); }}>‹</button>
            <output aria-label="Frame">frame {frame} of {count}</output>
            <button type="button" aria-label="Next frame" title="Next frame" disabled={frame >= count} onClick={() => { go(frame + 1); }}>›</button>
          </>
        )}
        <a href={address} download>Download</a>
      </div>
    </>
  );
}

/** Browsers have it on secure pages alone; elsewhere the picture stops at its first frame. */
function useDecoder(address: string, format: string, sizeBytes: number, isWanted: boolean, onCount: (count: number) => void): ImageDecoder | null {
  const [decoder, setDecoder] = useState<ImageDecoder | null>(null);
  useEffect(() => {
    if (!isWanted || !("ImageDecoder" in window) || sizeBytes > MOST_BYTES) return;
    let made: ImageDecoder | null = null;
    let isGone = false;
    void (async () => {
      try {
        const data = await api.contentOf(address, MOST_BYTES);
        if (isGone) return;
        made = new ImageDecoder({ data, type: `image/${format}` });
        await made.tracks.ready;
        await made.completed;
        if (isGone) return;
        onCount(made.tracks.selectedTrack?.frameCount ?? 1);
        setDecoder(made);
      } catch {
        // its first frame is shown all the same
      }
    })();
    return () => {
      isGone = true;
      made?.close();
      setDecoder(null);
    };
  }, [address, format, sizeBytes, isWanted, onCount]);
  return decoder;
}

async function pictureOf(decoder: ImageDecoder | null, index: number, image: HTMLImageElement | null): Promise<VideoFrame | HTMLImageElement | null> {
  try {
    if (decoder !== null) return (await decoder.decode({ frameIndex: index })).image;
    if (image === null) return null;
    await image.decode();
    return image;
  } catch {
    return null;
  }
}
