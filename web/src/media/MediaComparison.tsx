/** Media of the compared runs: a panel for each name, at one step for all runs. */

import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import { type Search, readChoice } from "../address";
import type { MediaGroup, MediaName } from "../api";
import type { PartProps } from "../compare/tabs";
import { plural } from "../format";
import { Boundary } from "../parts/Boundary";
import { Failure, Outline } from "../parts/Note";
import { useIsNarrow } from "../parts/useIsNarrow";
import { queries } from "../queries";
import { ComparedImages } from "./ComparedImages";
import type { ShownRun } from "./kinds/piece";
import { LOOKS, LOOK_WORDS, type Look } from "./looks";
import styles from "./Media.module.css";
import { FindField, NoMedia, Section, sectionsOf, useFind } from "./MediaTab";
import { Pieces } from "./Pieces";
import { NO_MARKING } from "./images/marks";
import { StepSlider, StepTools } from "./StepSlider";
import { mediaAt } from "./asking";
import { contentAt, prepare } from "./preparing";
import { together } from "./steps";
import { useInSight } from "./useInSight";
import { type Stepping, usePrepared, useStep } from "./useStep";

const MOST_RUNS = 12;
const REFRESH_MS = 5000;

export function MediaComparison({ comparison, project, baseline }: PartProps) {
  const compared = comparison.runs.slice(0, MOST_RUNS);
  const refetchOf = (status: string) => (status === "running" ? REFRESH_MS : false);
  const names = useQueries({ queries: compared.map(({ id, status }) => ({ ...queries.mediaNames(id), refetchInterval: refetchOf(status) })) });
  const steps = useQueries({ queries: compared.map(({ id, status }) => ({ ...queries.mediaSteps(id), refetchInterval: refetchOf(status) })) });
  const failed = [...names, ...steps].find(({ error, data }) => error !== null && data === undefined);
  if (failed !== undefined) return <Failure what="The media could not be fetched." error={failed.error} onRetry={() => { for (const one of [...names, ...steps]) if (one.error !== null) void one.refetch(); }} />;
  if ([...names, ...steps].some(({ data }) => data === undefined)) return <Outline />;
  const all = names.flatMap(({ data }) => data?.names ?? []);
  const runs = compared.map(({ id, name, hue }) => ({ id, name, hue }));
  return (
    <div className={styles["page"]}>
      {all.length === 0 ? <NoMedia /> : <Loaded {...{ project, baseline, runs }} names={all} steps={together(steps.map(({ data }) => data?.steps ?? []))} left={comparison.runs.length - compared.length} />}
    </div>
  );
}

type LoadedProps = { project: string; baseline: string; runs: readonly ShownRun[]; names: readonly MediaName[]; steps: readonly number[]; left: number };

function Loaded({ project, baseline, runs, names, steps, left }: LoadedProps) {
  const stepping = useStep(steps);
  const { find, setFind } = useFind();
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const look = readChoice(search["look"], LOOKS, "side");
  const sections = useMemo(() => sectionsOf(names, find), [names, find]);
  const choose = (next: Look) => void navigate({ to: ".", search: (now: Search) => ({ ...now, look: next === "side" ? undefined : next }), replace: true, resetScroll: false });
  const isNarrow = useIsNarrow();
  const [wasChosen] = useState(look !== "side" || find !== ""); // what shapes the page is in sight
  const choices = (
    <>
      <div className={styles["choices"]} role="group" aria-label="Images">
        {LOOKS.map((one) => <button key={one} type="button" aria-pressed={one === look} onClick={() => { choose(one); }}>{LOOK_WORDS[one]}</button>)}
      </div>
      <FindField find={find} onFind={setFind} />
    </>
  );
  return (
    <section aria-label="Media" className={styles["media"]}>
      <div className={styles["bar"]}>
        <StepSlider stepping={stepping} count={steps.length} isShort={isNarrow} />
        {isNarrow ? <details className={styles["more"]} open={wasChosen}><summary>More</summary><div className={styles["choices"]}><StepTools stepping={stepping} count={steps.length} />{choices}</div></details> : choices}
      </div>
      {left > 0 && <p className="muted">The first {runs.length} runs are here; {plural(left, "more run")} would not fit.</p>}
      {sections.length === 0 && <p className="muted">No name has “{find}” in it.</p>}
      {sections.map(({ prefix, counts }) => (
        <Section key={prefix} prefix={prefix} count={counts.size} isWide>
          {[...counts].map(([name, count]) => <ComparedPanel key={name} {...{ project, baseline, runs, name, count, stepping, look }} />)}
        </Section>
      ))}
    </section>
  );
}

type PanelProps = { project: string; baseline: string; runs: readonly ShownRun[]; name: string; count: number; stepping: Stepping; look: Look };

function ComparedPanel(props: PanelProps) {
  const ref = useRef<HTMLElement>(null);
  const { isInSight, heightPx } = useInSight(ref);
  return (
    <figure ref={ref} className={styles["panel"]} aria-label={props.name} style={isInSight ? undefined : { minHeight: heightPx ?? 320 }}>
      <figcaption><bdi>{props.name}</bdi></figcaption>
      {isInSight && <Boundary what={`${props.name} could not be shown.`}><Compared {...props} /></Boundary>}
    </figure>
  );
}

function Compared({ project, baseline, runs, name, count, stepping, look }: PanelProps) {
  const { step } = stepping;
  const [number, setNumber] = useState(0);
  const client = useQueryClient();
  const ids = useMemo(() => runs.map(({ id }) => id), [runs]);
  const found = useQuery(mediaAt(project, ids, name, step, count));
  usePrepared(stepping, (next) => prepare(client, { project, runs: ids, name, count }, next, { shown: (group) => contentAt(group, number), isMarked: true }));
  if (found.data === undefined) return found.error === null ? <Outline lines={5} /> : <Failure what={`${name} could not be fetched.`} error={found.error} onRetry={() => void found.refetch()} />;
  const images = ofKind(found.data, (kind) => kind === "image");
  const others = ofKind(found.data, (kind) => kind !== "image").flatMap(({ media }) => media);
  const missing = runs.filter(({ id }) => found.data.every((group) => group.run !== id));
  return (
    <div className={styles["content"]} data-stale={found.isPlaceholderData}>
      {found.data.length === 0 && <p className="muted">Nothing was logged up to this step.</p>}
      {images.length > 0 && <ComparedImages groups={images} runs={runs} baseline={baseline} look={look} step={step} number={number} onNumber={setNumber} />}
      {others.length > 0 && <Pieces media={others} marking={NO_MARKING} onEnlarge={() => undefined} step={step ?? Math.max(...found.data.map((group) => group.step))} runs={runs} size="large" />}
      {others.length > 0 && missing.length > 0 && <p className="muted">Nothing up to this step in {missing.map((run) => run.name).join(", ")}.</p>}
    </div>
  );
}

const ofKind = (groups: readonly MediaGroup[], isOne: (kind: string) => boolean): MediaGroup[] =>
  groups.map((group) => ({ ...group, media: group.media.filter(({ kind }) => isOne(kind)) })).filter(({ media }) => media.length > 0);
