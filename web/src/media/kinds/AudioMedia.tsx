/** Sounds as waveforms to play and to seek in. Of several one hears one at a time, all at the same place, to tell them apart. */

import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useRef, useState } from "react";
import { api } from "../../api";
import { formatBytes, formatCount, formatNumber } from "../../format";
import { Icon } from "../../parts/Icon";
import { type Audio, readAudio } from "./details";
import styles from "./kinds.module.css";
import { AsTable, Each } from "./parts";
import { type Piece, type Shown, placeOf, titleOf } from "./piece";
import { type Peak, clockOf, outlineOf, peaksOf } from "./wave";

/** A larger file is played, but not fetched whole to draw its waveform. */
const MOST_DECODED = 16 * 1024 * 1024;
const PARTS = 800;
const DECODED_HZ = 8000;

type Deck = { heard: string | null; isPlaying: boolean; seconds: number };

export function AudioMedia(shown: Shown) {
  const sounds = useRef(new Map<string, HTMLAudioElement>());
  const [deck, setDeck] = useState<Deck>({ heard: null, isPlaying: false, seconds: 0 });
  const [isAllHeard, setIsAllHeard] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const isHeard = (id: string, heard: string | null, all: boolean) => all || id === heard;
  const play = async (id: string) => {
    setProblem(null);
    setDeck((now) => ({ ...now, heard: id, isPlaying: true }));
    try {
      await Promise.all([...sounds.current].map(([other, sound]) => {
        sound.muted = !isHeard(other, id, isAllHeard);
        if (Math.abs(sound.currentTime - deck.seconds) > 0.1) sound.currentTime = deck.seconds;
        return sound.paused ? sound.play() : undefined;
      }));
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      setProblem(error instanceof Error ? error.message : String(error));
      pause();
    }
  };
  const pause = () => {
    for (const sound of sounds.current.values()) sound.pause();
    setDeck((now) => ({ ...now, isPlaying: false }));
  };
  const seek = (seconds: number) => {
    for (const sound of sounds.current.values()) sound.currentTime = seconds;
    setDeck((now) => ({ ...now, seconds }));
  };
  const hearAll = (all: boolean) => {
    setIsAllHeard(all);
    for (const [id, sound] of sounds.current) sound.muted = !isHeard(id, deck.heard, all);
  };
  return (
    <div className={styles["sounds"]}>
      {shown.media.length > 1 && (
        <div className={styles["tools"]}>
          <span className="muted small">All run together; one hears the one that was started last.</span>
          <label className={styles["choice"]}><input type="checkbox" checked={isAllHeard} onChange={(event) => { hearAll(event.target.checked); }} /> Hear all at once</label>
        </div>
      )}
      <Each shown={shown} read={readAudio}>
        {(piece, details) => (
          <OneSound
            piece={piece}
            details={details}
            label={titleOf(piece, shown)}
            deck={deck}
            isHeard={deck.isPlaying && isHeard(placeOf(piece), deck.heard, isAllHeard)}
            onToggle={() => { if (deck.isPlaying && deck.heard === placeOf(piece)) pause(); else void play(placeOf(piece)); }}
            onSeek={seek}
            sound={(element) => {
              if (element === null) return;
              sounds.current.set(placeOf(piece), element);
              return () => { sounds.current.delete(placeOf(piece)); };
            }}
            onTime={(seconds) => { if (deck.heard === placeOf(piece)) setDeck((now) => ({ ...now, seconds })); }}
            onEnd={() => { if (deck.heard === placeOf(piece)) setDeck((now) => ({ ...now, isPlaying: false, seconds: 0 })); }}
          />
        )}
      </Each>
      {problem !== null && <p role="alert" className={styles["unreadable"]}>The browser cannot play this: {problem}</p>}
    </div>
  );
}

type OneProps = {
  piece: Piece;
  details: Audio;
  label: string;
  deck: Deck;
  isHeard: boolean;
  onToggle: () => void;
  onSeek: (seconds: number) => void;
  sound: (element: HTMLAudioElement | null) => (() => void) | undefined;
  onTime: (seconds: number) => void;
  onEnd: () => void;
};

function OneSound({ piece, details, label, deck, isHeard, onToggle, onSeek, sound, onTime, onEnd }: OneProps) {
  const [length, setLength] = useState<number | null>(null);
  const decoded = useDecoded(piece, details.peaks.length === 0);
  const peaks = details.peaks.length > 0 ? details.peaks : (decoded.data?.peaks ?? []);
  const seconds = length ?? details.seconds ?? decoded.data?.seconds ?? 0;
  if (piece.content_url === null) return <p className="muted">There is no sound.</p>;
  return (
    <>
      <audio
        ref={sound}
        src={piece.content_url}
        preload="metadata"
        onLoadedMetadata={({ currentTarget }) => { if (Number.isFinite(currentTarget.duration)) setLength(currentTarget.duration); }}
        onTimeUpdate={({ currentTarget }) => { onTime(currentTarget.currentTime); }}
        onEnded={onEnd}
        onEmptied={onEnd}
      />
      <div className={styles["sound"]}>
        <button type="button" aria-label={`${isHeard ? "Pause" : "Play"} ${label}`} onClick={onToggle}>
          {isHeard ? <span aria-hidden="true">‖</span> : <Icon name="play" />}
        </button>
        <Waveform peaks={peaks} at={Math.min(deck.seconds, seconds)} seconds={seconds} label={label} onSeek={onSeek} />
        <span className={styles["clock"]}>{clockOf(Math.min(deck.seconds, seconds))} / {clockOf(seconds)}</span>
      </div>
      <div className={styles["tools"]}>
        <AsTable what={label} numbers={() => factsOf(piece, details, seconds)} />
        <a href={piece.content_url} download>Download</a>
        {decoded.isFetching && <span className="muted small">Drawing the waveform…</span>}
        {decoded.error !== null && <span className="muted small">Its waveform cannot be drawn: {decoded.error.message}</span>}
      </div>
    </>
  );
}

/** The waveform of a sound that came without one. */
function useDecoded(piece: Piece, isWanted: boolean) {
  return useQuery({
    queryKey: ["media waveform", piece.content_url],
    queryFn: async ({ signal }) => {
      const bytes = await api.contentOf(piece.content_url ?? "", MOST_DECODED, { signal });
      const buffer = await new OfflineAudioContext(1, 1, DECODED_HZ).decodeAudioData(bytes);
      return { peaks: peaksOf(buffer.getChannelData(0), PARTS), seconds: buffer.duration };
    },
    enabled: isWanted && piece.content_url !== null && piece.size_bytes <= MOST_DECODED,
    staleTime: Infinity,
    retry: false,
  });
}

function Waveform({ peaks, at, seconds, label, onSeek }: { peaks: readonly Peak[]; at: number; seconds: number; label: string; onSeek: (seconds: number) => void }) {
  const path = outlineOf(peaks);
  const box = `0 0 ${String(Math.max(1, peaks.length))} 2`;
  const share = seconds === 0 ? 0 : at / seconds;
  const press = (event: KeyboardEvent) => {
    const next = { ArrowLeft: at - seconds / 20, ArrowRight: at + seconds / 20, Home: 0, End: seconds }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    onSeek(Math.min(seconds, Math.max(0, next)));
  };
  return (
    <div
      className={styles["wave"]}
      role="slider"
      tabIndex={0}
      aria-label={`Place in ${label}`}
      aria-valuemin={0}
      aria-valuemax={seconds}
      aria-valuenow={at}
      aria-valuetext={`${clockOf(at)} of ${clockOf(seconds)}`}
      onKeyDown={press}
      onPointerDown={(event) => {
        const place = event.currentTarget.getBoundingClientRect();
        onSeek(Math.min(1, Math.max(0, (event.clientX - place.left) / place.width)) * seconds);
      }}
    >
      <svg viewBox={box} preserveAspectRatio="none" aria-hidden="true"><path d={path} /></svg>
      <svg viewBox={box} preserveAspectRatio="none" aria-hidden="true" data-played style={{ clipPath: `inset(0 ${String(100 - share * 100)}% 0 0)` }}><path d={path} /></svg>
      <span style={{ left: `${String(share * 100)}%` }} />
    </div>
  );
}

const factsOf = (piece: Piece, details: Audio, seconds: number) => ({
  title: `${piece.name} in numbers`,
  head: ["", "value"],
  rows: [
    ["length", clockOf(seconds)],
    ["sample rate", details.sampleRateHz === null ? "not known" : `${formatCount(details.sampleRateHz)} Hz`],
    ["channels", details.channels === null ? "not known" : details.channels],
    ["greatest amplitude", details.peaks.length === 0 ? "not known" : formatNumber(details.peaks.reduce((most, [low, high]) => Math.max(most, -low, high), 0))],
    ["size", formatBytes(piece.size_bytes)],
  ],
});
