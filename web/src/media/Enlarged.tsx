/** One piece of a panel over the whole page: the arrow keys step through time and through what was logged together. */

import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useState } from "react";
import type { Media, MediaGroup } from "../api";
import { formatCount } from "../format";
import { Dialog } from "../parts/Dialog";
import { isTyping } from "../frame/keys";
import { ImageView } from "./images/ImageView";
import { labelOf } from "./images/ImageGrid";
import { Legend } from "./images/Legend";
import { type Marking, readImage } from "./images/marks";
import { WHOLE } from "./images/view";
import { showMedia } from "./kinds";
import type { ShownRun } from "./kinds/piece";
import styles from "./Media.module.css";
import { useWhole } from "./Pieces";
import { allOfGroup } from "./asking";
import { StepSlider } from "./StepSlider";
import { type Stepping, usePrepared } from "./useStep";

type Props = { group: MediaGroup; first: number; runs: readonly ShownRun[]; stepping: Stepping; stepCount: number; marking: Marking; onMarking: (marking: Marking) => void; onPrepare: (step: number | null, place: number) => Promise<void>; onClose: () => void };

export function Enlarged({ group, first, runs, stepping, stepCount, marking, onMarking, onPrepare, onClose }: Props) {
  const [index, setIndex] = useState(first);
  const [view, setView] = useState(WHOLE);
  const all = useQuery({ ...allOfGroup(group), enabled: group.count > group.media.length });
  const pieces: readonly Media[] = all.data ?? group.media;
  const place = Math.min(index, pieces.length - 1);
  const piece = pieces[place];
  const whole = useWhole(piece === undefined ? [] : [piece]);
  const shown = whole.media?.[0];
  usePrepared(stepping, (next) => onPrepare(next, place));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || isTyping(event.target)) return;
    if (event.key === "ArrowLeft") stepping.by(-1);
    else if (event.key === "ArrowRight") stepping.by(1);
    else if (event.key === "ArrowUp") setIndex(Math.max(0, place - 1));
    else if (event.key === "ArrowDown") setIndex(Math.min(pieces.length - 1, place + 1));
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={group.name} width="full" onClose={onClose} onKeyDown={onKeyDown}>
      <div className={styles["enlarged"]}>
        <StepSlider stepping={stepping} count={stepCount} />
        <div className={styles["about"]}>
          <strong>step {formatCount(group.step)}</strong>
          {pieces.length > 1 && (
            <span className={styles["numbers"]}>
              <button type="button" aria-label="Previous image" title="Previous (↑)" disabled={place <= 0} onClick={() => { setIndex(place - 1); }}>‹</button>
              <output aria-label="Image">{place + 1} of {formatCount(group.count)}</output>
              <button type="button" aria-label="Next image" title="Next (↓)" disabled={place >= pieces.length - 1} onClick={() => { setIndex(place + 1); }}>›</button>
            </span>
          )}
          {shown !== undefined && shown.caption !== "" && <span><bdi>{shown.caption}</bdi></span>}
        </div>
        {shown !== undefined && shown.kind === "image" && (
          <>
            <Legend images={[readImage(shown.details)]} marking={marking} onMarking={onMarking} />
            <div className={styles["large"]}>
              <ImageView key={shown.kind} piece={shown} label={labelOf(shown, pieces.length > 1 ? place + 1 : null)} view={view} onView={setView} marking={marking} />
            </div>
          </>
        )}
        {shown !== undefined && shown.kind !== "image" && <div className={styles["large"]}>{showMedia([shown], { step: group.step, runs, size: "large" })}</div>}
      </div>
    </Dialog>
  );
}
