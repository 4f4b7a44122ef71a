/** What a run logged besides numbers: a panel for each name, all at the step that the slider rests on. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Search } from "../address";
import type { MediaName, RunDetail } from "../api";
import { plural } from "../format";
import { Empty, Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import styles from "./Media.module.css";
import { Panel } from "./Panel";
import { StepSlider } from "./StepSlider";
import { prefixOf } from "./steps";
import { useStep } from "./useStep";

const REFRESH_MS = 5000;

export function MediaTab({ run }: { run: RunDetail }) {
  const refetchInterval = run.status === "running" || run.status === "lost" ? REFRESH_MS : false;
  const names = useQuery({ ...queries.mediaNames(run.id), refetchInterval });
  const steps = useQuery({ ...queries.mediaSteps(run.id), refetchInterval });
  const failed = names.error ?? steps.error;
  if (names.data === undefined || steps.data === undefined) {
    return failed === null ? <Outline /> : <Failure what="The media could not be fetched." error={failed} onRetry={() => { void names.refetch(); void steps.refetch(); }} />;
  }
  if (names.data.names.length === 0) return <NoMedia />;
  return <Loaded run={run} names={names.data.names} steps={steps.data.steps} stepCount={steps.data.count} />;
}

export function NoMedia() {
  return (
    <Empty title="No media">
      <p>Log images, sound, tables and figures beside numbers, each at its step:</p>
      <pre>{'tracker.log({"samples": tracker.Image(array, caption="first of the batch")})'}</pre>
    </Empty>
  );
}

function Loaded({ run, names, steps, stepCount }: { run: RunDetail; names: readonly MediaName[]; steps: readonly number[]; stepCount: number }) {
  const stepping = useStep(steps);
  const { find, setFind } = useFind();
  const sections = useMemo(() => sectionsOf(names, find), [names, find]);
  const shown = useMemo(() => ({ id: run.id, name: run.name, hue: run.hue }), [run.id, run.name, run.hue]);
  return (
    <section aria-label="Media" className={styles["media"]}>
      <div className={styles["bar"]}>
        <StepSlider stepping={stepping} count={stepCount} />
        <FindField find={find} onFind={setFind} />
      </div>
      {sections.length === 0 && <p className="muted">No name has “{find}” in it.</p>}
      {sections.map(({ prefix, counts }) => (
        <Section key={prefix} prefix={prefix} count={counts.size}>
          {[...counts].map(([name, count]) => <Panel key={name} project={run.project} run={shown} name={name} count={count} stepping={stepping} stepCount={stepCount} />)}
        </Section>
      ))}
    </section>
  );
}

export function Section({ prefix, count, isWide = false, children }: { prefix: string; count: number; isWide?: boolean; children: React.ReactNode }) {
  const panels = <div className={styles["panels"]} data-wide={isWide}>{children}</div>;
  if (prefix === "") return panels;
  return (
    <section aria-label={prefix} className={styles["section"]}>
      <h2><bdi>{prefix}</bdi> <span className="muted">{plural(count, "name")}</span></h2>
      {panels}
    </section>
  );
}

export function FindField({ find, onFind }: { find: string; onFind: (find: string) => void }) {
  return <input type="search" aria-label="Find media" placeholder="Find media" defaultValue={find} onChange={(event) => { onFind(event.target.value); }} />;
}

export function useFind(): { find: string; setFind: (find: string) => void } {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const setFind = (find: string) => void navigate({ to: ".", search: (now: Search) => ({ ...now, media: find === "" ? undefined : find }), replace: true, resetScroll: false });
  return { find: search["media"] ?? "", setFind };
}

export type NameSection = { prefix: string; counts: Map<string, number> };

/** The names that have a text in them, by what stands before their last slash, each with how many pieces it has. */
export function sectionsOf(names: readonly MediaName[], find: string): NameSection[] {
  const text = find.trim().toLowerCase();
  const sections = new Map<string, NameSection>();
  for (const { name, count } of names) {
    if (!name.toLowerCase().includes(text)) continue;
    const prefix = prefixOf(name);
    const section = sections.get(prefix) ?? { prefix, counts: new Map<string, number>() };
    section.counts.set(name, (section.counts.get(name) ?? 0) + count);
    sections.set(prefix, section);
  }
  return [...sections.values()].sort((a, b) => a.prefix.localeCompare(b.prefix));
}
