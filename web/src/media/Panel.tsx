/** What one name shows at the step of the page, of one run. It is asked for once it is in sight. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { Media, MediaGroup } from "../api";
import { plural } from "../format";
import { Boundary } from "../parts/Boundary";
import { Icon } from "../parts/Icon";
import { Failure, Outline } from "../parts/Note";
import { Enlarged } from "./Enlarged";
import { smallAddress } from "./images/ImageGrid";
import { Legend } from "./images/Legend";
import { NO_MARKING, readImage } from "./images/marks";
import type { ShownRun } from "./kinds/piece";
import styles from "./Media.module.css";
import { Pieces } from "./Pieces";
import { mediaAt } from "./asking";
import { contentAt, prepare } from "./preparing";
import { saidStep } from "./saidStep";
import { useInSight } from "./useInSight";
import { type Stepping, usePrepared } from "./useStep";

type Props = { project: string; run: ShownRun; name: string; count: number; stepping: Stepping; stepCount: number };

export function Panel(props: Props) {
  const ref = useRef<HTMLDivElement>(null);
  const { isInSight, heightPx } = useInSight(ref);
  return (
    <div ref={ref} className={styles["panel"]} style={isInSight ? undefined : { minHeight: heightPx ?? 220 }}>
      {isInSight ? <Boundary what={`${props.name} could not be shown.`}><Content {...props} /></Boundary> : <p><bdi>{props.name}</bdi></p>}
    </div>
  );
}

function Content({ project, run, name, count, stepping, stepCount }: Props) {
  const { step } = stepping;
  const found = useQuery(mediaAt(project, [run.id], name, step, count));
  const [marking, setMarking] = useState(NO_MARKING);
  const [enlarged, setEnlarged] = useState<number | null>(null);
  const client = useQueryClient();
  const here = { project, runs: [run.id], name, count };
  usePrepared(stepping, (next) => prepare(client, here, next, { shown: smallOnes, isMarked: false }));
  const group = found.data?.[0];
  const images = (group?.media ?? []).filter(({ kind }) => kind === "image");
  return (
    <figure aria-label={group === undefined ? name : `${name} at step ${String(group.step)}`}>
      <figcaption>
        <bdi>{name}</bdi>
        {group !== undefined && <span className="muted">{saidStep(group, step)}</span>}
        {group !== undefined && (
          <button type="button" data-look="icon" aria-label={`Enlarge ${name}`} title="Enlarge" onClick={() => { setEnlarged(0); }}><Icon name="enlarge" /></button>
        )}
      </figcaption>
      {found.error !== null && found.data === undefined && <Failure what={`${name} could not be fetched.`} error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Outline lines={5} />}
      {found.data !== undefined && group === undefined && <p className="muted">Nothing was logged up to this step.</p>}
      {group !== undefined && (
        <>
          <Legend images={images.map(({ details }) => readImage(details))} marking={marking} onMarking={setMarking} />
          <div className={styles["content"]} data-stale={found.isPlaceholderData}>
            <Pieces media={group.media} marking={marking} onEnlarge={(piece: Media) => { setEnlarged(group.media.indexOf(piece)); }} step={group.step} runs={[run]} size="small" />
          </div>
          {images.length === 0 && group.media.map(({ id, caption }) => (caption === "" ? null : <p key={id} className={styles["caption"]}><bdi>{caption}</bdi></p>))}
          {group.count > group.media.length && <button type="button" onClick={() => { setEnlarged(group.media.length); }}>{plural(group.count - group.media.length, "more")}</button>}
          {enlarged !== null && <Enlarged group={group} first={Math.max(0, enlarged)} runs={[run]} stepping={stepping} stepCount={stepCount} marking={marking} onMarking={setMarking} onPrepare={(next, place) => prepare(client, here, next, { shown: (one) => contentAt(one, place), isMarked: true })} onClose={() => { setEnlarged(null); }} />}
        </>
      )}
    </figure>
  );
}

/** The pictures of a group as its panel shows them. */
function smallOnes({ media }: MediaGroup): string[] {
  const images = media.filter(({ kind }) => kind === "image");
  return images.flatMap((piece) => smallAddress(piece, images.length === 1) ?? []);
}
