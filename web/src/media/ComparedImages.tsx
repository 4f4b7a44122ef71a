/** The images of one name in several runs: beside each other, or two of them in one place. They zoom and move together. */

import { useState } from "react";
import type { MediaGroup } from "../api";
import { Swatch } from "../parts/Run";
import { ImageView } from "./images/ImageView";
import styles from "./images/Images.module.css";
import { Legend } from "./images/Legend";
import { NO_MARKING, readImage } from "./images/marks";
import { PairView } from "./images/PairView";
import { WHOLE } from "./images/view";
import type { ShownRun } from "./kinds/piece";
import { type Look, isPairLook } from "./looks";
import media from "./Media.module.css";
import { saidStep } from "./saidStep";
import { useWhole } from "./Pieces";

type Props = { groups: readonly MediaGroup[]; runs: readonly ShownRun[]; baseline: string; look: Look; step: number | null; number: number; onNumber: (number: number) => void };

export function ComparedImages({ groups, runs, baseline, look, step, number, onNumber }: Props) {
  const [view, setView] = useState(WHOLE);
  const [marking, setMarking] = useState(NO_MARKING);
  const [chosen, setChosen] = useState<string | null>(null);
  const most = Math.max(...groups.map((group) => group.media.length));
  const place = Math.min(number, most - 1);
  const whole = useWhole(groups.flatMap((group) => group.media.slice(place, place + 1)));
  const pieces = new Map((whole.media ?? []).map((piece) => [piece.run, piece]));
  const sides = runs.flatMap((run) => {
    const piece = pieces.get(run.id);
    return piece === undefined ? [] : [{ piece, name: run.name, run }];
  });
  const left = sides.find(({ run }) => run.id === baseline) ?? sides[0];
  const others = sides.filter((side) => side !== left);
  const right = others.find(({ run }) => run.id === chosen) ?? others[0];
  const isPair = isPairLook(look) && left !== undefined && right !== undefined;
  return (
    <>
      {most > 1 && (
        <div className={media["numbers"]}>
          <button type="button" aria-label="Previous image" disabled={place <= 0} onClick={() => { onNumber(place - 1); }}>‹</button>
          <output aria-label="Image">{place + 1} of {most}</output>
          <button type="button" aria-label="Next image" disabled={place >= most - 1} onClick={() => { onNumber(place + 1); }}>›</button>
        </div>
      )}
      {!isPair && <Legend images={sides.map(({ piece }) => readImage(piece.details))} marking={marking} onMarking={setMarking} />}
      {isPair && others.length > 1 && (
        <label>
          {left.name} and{" "}
          <select aria-label="The other run" value={right.run.id} onChange={(event) => { setChosen(event.target.value); }}>
            {others.map(({ run }) => <option key={run.id} value={run.id}>{run.name}</option>)}
          </select>
        </label>
      )}
      {isPairLook(look) && !isPair && <p className="muted">Two runs are needed for this; here one has an image.</p>}
      {isPair ? (
        <div className={styles["one"]}><PairView key={`${left.run.id} ${right.run.id}`} look={look} left={left} right={right} view={view} onView={setView} /></div>
      ) : (
        <div className={styles["compared"]}>
          {runs.map((run) => {
            const group = groups.find((one) => one.run === run.id);
            const piece = pieces.get(run.id);
            return (
              <div key={run.id} className={styles["one"]}>
                <p className={styles["heading"]}><Swatch hue={run.hue} /> <bdi className="clip">{run.name}</bdi>{group !== undefined && <span className="muted">{saidStep(group, step)}</span>}</p>
                {piece === undefined ? <p className="muted">{group === undefined ? "Nothing was logged up to this step." : "There are fewer images here."}</p> : <ImageView piece={piece} label={`${piece.name} of ${run.name}, step ${String(piece.step)}`} view={view} onView={setView} marking={marking} needsCtrl />}
                {piece !== undefined && piece.caption !== "" && <p className={styles["caption"]}><bdi>{piece.caption}</bdi></p>}
              </div>
            );
          })}
        </div>
      )}
    </>
  );
}
