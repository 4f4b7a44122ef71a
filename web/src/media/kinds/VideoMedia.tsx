/** Videos with the browser's own controls, stepped frame by frame; several run together. GIF and WebP are pictures that stop. */

import { useEffect, useRef, useState } from "react";
import { formatBytes, formatNumber } from "../../format";
import { type Video, readVideo } from "./details";
import { countOf, fpsOf, frameAt, timeOf } from "./frames";
import styles from "./kinds.module.css";
import { AsTable, Each } from "./parts";
import { type Piece, type Shown, titleOf } from "./piece";
import { StillImage } from "./StillImage";

export function VideoMedia(shown: Shown) {
  const videos = useRef(new Set<HTMLVideoElement>());
  const [isTogether, setIsTogether] = useState(true);
  const isOfPictures = shown.media.every(({ details }) => { const read = readVideo(details); return read.kind === "ready" && isPicture(read.details); });
  const others = (own: HTMLVideoElement | null) => (isTogether ? [...videos.current].filter((video) => video !== own) : []);
  return (
    <>
      {shown.media.length > 1 && !isOfPictures && (
        <label className={styles["choice"]}><input type="checkbox" checked={isTogether} onChange={(event) => { setIsTogether(event.target.checked); }} /> All together</label>
      )}
      <Each shown={shown} read={readVideo}>
        {(piece, details) => {
          if (piece.content_url === null) return <p className="muted">There is no video.</p>;
          if (isPicture(details)) return <StillImage address={piece.content_url} format={details.format} piece={piece} label={titleOf(piece, shown)} />;
          return (
            <OneVideo
              piece={piece}
              address={piece.content_url}
              details={details}
              label={titleOf(piece, shown)}
              others={others}
              video={(element) => {
                if (element === null) return;
                videos.current.add(element);
                return () => { videos.current.delete(element); };
              }}
            />
          );
        }}
      </Each>
    </>
  );
}

type Picture = Video & { format: "gif" | "webp" };
const isPicture = (details: Video): details is Picture => details.format === "gif" || details.format === "webp";

type OneProps = { piece: Piece; address: string; details: Video; label: string; others: (own: HTMLVideoElement | null) => HTMLVideoElement[]; video: (element: HTMLVideoElement | null) => (() => void) | undefined };

function OneVideo({ piece, address, details, label, others, video }: OneProps) {
  const own = useRef<HTMLVideoElement>(null);
  const [seconds, setSeconds] = useState(0);
  const [length, setLength] = useState(NaN);
  const [broken, setBroken] = useState<string | null>(null);
  const isBroken = broken === address;
  const { fps, isKnown } = fpsOf(details.fps, details.frames, length);
  const count = countOf(details.frames, fps, length);
  const frame = frameAt(seconds, fps, count);
  useEffect(() => {
    const element = own.current;
    if (element === null) return;
    // what happened before the element was in the page was told to nobody
    if (element.error !== null) setBroken(address);
    if (element.readyState > 0) setLength(element.duration);
    return video(element);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the element is the same until it is taken for broken
  }, [isBroken]);
  const goTo = (next: number) => {
    const time = timeOf(Math.min(count ?? Infinity, Math.max(1, next)), fps);
    for (const element of own.current === null ? [] : [own.current, ...others(own.current)]) {
      element.pause();
      element.currentTime = time;
    }
  };
  const follow = (element: HTMLVideoElement) => {
    setSeconds(element.currentTime);
    for (const other of others(own.current)) if (element.paused && Math.abs(other.currentTime - element.currentTime) > 0.5 / fps) other.currentTime = element.currentTime;
  };
  if (isBroken) return <p role="alert" className={styles["unreadable"]}>This browser cannot play this video{details.format === "mp4" ? ", which may be of a kind that it lacks" : ""}. <a href={address} download>Download the file</a></p>;
  return (
    <>
      <video
        ref={own}
        className={styles["video"]}
        src={address}
        controls
        loop
        muted
        playsInline
        preload="metadata"
        aria-label={`${label}, video`}
        onDurationChange={({ currentTarget }) => { setLength(currentTarget.duration); }}
        onTimeUpdate={({ currentTarget }) => { setSeconds(currentTarget.currentTime); }}
        onSeeked={({ currentTarget }) => { follow(currentTarget); }}
        onPlay={() => { for (const other of others(own.current)) if (other.paused) void other.play().catch(() => undefined); }}
        onPause={({ currentTarget }) => { for (const other of others(own.current)) if (!other.paused) { other.pause(); other.currentTime = currentTarget.currentTime; } }}
        onError={() => { setBroken(address); }}
      />
      <div className={styles["tools"]}>
        <button type="button" aria-label="Previous frame" title="Previous frame" disabled={frame <= 1} onClick={() => { goTo(frame - 1); }}>‹</button>
        <output aria-label="Frame">frame {frame}{count !== null && ` of ${isKnown ? "" : "about "}${String(count)}`}</output>
        <button type="button" aria-label="Next frame" title="Next frame" disabled={count !== null && frame >= count} onClick={() => { goTo(frame + 1); }}>›</button>
        <AsTable what={label} numbers={() => factsOf(piece, details, length, fps, count)} />
        <a href={address} download>Download</a>
      </div>
    </>
  );
}

const factsOf = (piece: Piece, { width, height }: Video, seconds: number, fps: number, count: number | null) => ({
  title: `${piece.name} in numbers`,
  head: ["", "value"],
  rows: [
    ["length", Number.isFinite(seconds) ? `${formatNumber(seconds)} s` : "not known"],
    ["frames", count ?? "not known"],
    ["frames a second", formatNumber(fps)],
    ["width × height", width === null || height === null ? "not known" : `${String(width)} × ${String(height)}`],
    ["size", formatBytes(piece.size_bytes)],
  ],
});
