/** Makes a leaderboard or changes one: the metric and the data are offered from what the project has. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";
import { ApiError, type BoardDefinition, type Leaderboard, api, reasonOf } from "../api";
import { Dialog } from "../parts/Dialog";
import { client, queries } from "../queries";
import { useGoals } from "../useGoals";
import styles from "./Boards.module.css";
import { VALUES, dataChoices, goalChoice, suggestedName } from "./board";

type Props = { project: string; board: Leaderboard | null; onClose: () => void; onSaved: (board: Leaderboard) => void };
type Draft = {
  name: string; task: string; metric: string; data: string; value: BoardDefinition["value"]; goal: "" | "min" | "max"; rows: BoardDefinition["rows"];
  filter: string; seed: string; size: string; time: string;
};

const FRESH: Draft = { name: "", task: "", metric: "", data: "", value: "shown", goal: "", rows: "family", filter: "", seed: "", size: "", time: "" };

const draftOf = ({ name, definition: asked }: Leaderboard): Draft => ({
  name, task: asked.task, metric: asked.metric, data: asked.data ?? "", value: asked.value, goal: asked.goal ?? "", rows: asked.rows,
  filter: asked.filter ?? "", seed: asked.seed ?? "", size: asked.size_metric ?? "", time: asked.time_metric ?? "",
});

const orNull = (text: string): string | null => (text.trim() === "" ? null : text.trim());

const definitionOf = (draft: Draft): BoardDefinition => ({
  task: draft.task.trim(), metric: draft.metric.trim(), data: orNull(draft.data), value: draft.value, goal: draft.goal === "" ? null : draft.goal, rows: draft.rows,
  filter: draft.filter, seed: orNull(draft.seed), size_metric: orNull(draft.size), time_metric: orNull(draft.time),
});

export function BoardDialog({ project, board, onClose, onSaved }: Props) {
  const [draft, setDraft] = useState<Draft>(board === null ? FRESH : draftOf(board));
  const [seen, setSeen] = useState(board);
  const [theirs, setTheirs] = useState<Leaderboard | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const metrics = useQuery(queries.keys(project)).data?.metrics.map(({ name }) => name) ?? [];
  const data = dataChoices(useQuery(queries.artifacts(project)).data?.artifacts ?? []);
  const goal = useGoals(project)(draft.metric.trim());
  const set = (part: Partial<Draft>) => { setDraft((now) => ({ ...now, ...part })); };
  const suggestion = suggestedName(draft.task.trim(), draft.metric.trim(), draft.data.trim());
  const save = async () => {
    setIsBusy(true);
    setError(null);
    try {
      const name = draft.name.trim() === "" ? suggestion : draft.name.trim();
      const definition = definitionOf(draft);
      const saved = seen === null ? await api.createLeaderboard(project, { name, definition }) : await api.changeLeaderboard(project, seen.id, { revision: seen.revision, name, definition });
      await client.invalidateQueries({ queryKey: queries.leaderboards(project).queryKey });
      onSaved(saved);
    } catch (failure) {
      setError(reasonOf(failure));
      setIsBusy(false);
      if (seen !== null && failure instanceof ApiError && failure.code === "changed_meanwhile") {
        setTheirs(await api.leaderboard(project, seen.id).catch(() => null));
        await client.invalidateQueries({ queryKey: queries.leaderboards(project).queryKey });
      }
    }
  };
  /** What the other one saved takes the place of what is here, or is seen and written over. */
  const take = (board: Leaderboard, isTheirs: boolean) => {
    setSeen(board);
    setTheirs(null);
    setError(null);
    if (isTheirs) setDraft(draftOf(board));
  };
  return (
    <Dialog title={board === null ? `New leaderboard of ${project}` : `Edit ${board.name}`} onClose={onClose}>
      <form
        className={styles["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label="Task" note="What is solved, in words">
          <input data-autofocus required maxLength={200} value={draft.task} onChange={(event) => { set({ task: event.target.value }); }} />
        </Field>
        <Choice label="Metric" isRequired value={draft.metric} choices={metrics} onChange={(metric) => { set({ metric }); }} />
        <Field label="Which number of it">
          <select value={draft.value} onChange={(event) => { set({ value: VALUES.find(({ value }) => value === event.target.value)?.value ?? "shown" }); }}>
            {VALUES.map(({ value, label }) => <option key={value} value={value}>{label}</option>)}
          </select>
        </Field>
        <Field label="Better is">
          <select required={goal === null} value={draft.goal} onChange={(event) => { const { value } = event.target; set({ goal: value === "min" || value === "max" ? value : "" }); }}>
            <option value="">{goalChoice(goal)}</option>
            <option value="max">higher</option>
            <option value="min">lower</option>
          </select>
        </Field>
        <Choice label="Data" note="A version that evaluations are made on, such as digits-val:v3; empty asks nothing" value={draft.data} choices={data} onChange={(chosen) => { set({ data: chosen }); }} />
        <Field label="A row for each">
          <select value={draft.rows} onChange={(event) => { set({ rows: event.target.value === "model" ? "model" : "family" }); }}>
            <option value="family">family of runs that differ by their seed alone</option>
            <option value="model">version of a registered model</option>
          </select>
        </Field>
        <Field label="Name">
          <input maxLength={100} placeholder={suggestion} value={draft.name} onChange={(event) => { set({ name: event.target.value }); }} />
        </Field>
        <details>
          <summary>More</summary>
          <div className={styles["form"]}>
            <Field label="Filter" note="Which runs are looked at, in the filter language">
              <input maxLength={4000} spellCheck={false} value={draft.filter} onChange={(event) => { set({ filter: event.target.value }); }} />
            </Field>
            <Field label="Seed" note="The config key that is the seed; empty: every key that ends in seed">
              <input maxLength={600} spellCheck={false} value={draft.seed} onChange={(event) => { set({ seed: event.target.value }); }} />
            </Field>
            <Choice label="Size metric" value={draft.size} choices={metrics} onChange={(size) => { set({ size }); }} />
            <Choice label="Time metric" value={draft.time} choices={metrics} onChange={(time) => { set({ time }); }} />
          </div>
        </details>
        {error !== null && <p className={styles["error"]} role="alert">{error}</p>}
        {theirs !== null && (
          <div className={styles["tools"]}>
            <span className="muted">What you have typed is still here.</span>
            <button type="button" onClick={() => { take(theirs, false); }}>Keep mine, to save over it</button>
            <button type="button" onClick={() => { take(theirs, true); }}>Take what was saved</button>
          </div>
        )}
        <div>
          <button type="submit" data-look="primary" disabled={isBusy}>{board === null ? "Make leaderboard" : "Save"}</button>
        </div>
      </form>
    </Dialog>
  );
}

function Field({ label, note, children }: { label: string; note?: string; children: ReactNode }) {
  return (
    <label className={styles["field"]}>
      {label}
      {children}
      {note !== undefined && <span className="muted small">{note}</span>}
    </label>
  );
}

/** A text that is one of those that are there, or another. */
function Choice({ label, note, value, choices, isRequired = false, onChange }: { label: string; note?: string; value: string; choices: readonly string[]; isRequired?: boolean; onChange: (value: string) => void }) {
  const listId = useId();
  return (
    <Field label={label} {...(note === undefined ? {} : { note })}>
      <input list={listId} required={isRequired} maxLength={520} spellCheck={false} value={value} onChange={(event) => { onChange(event.target.value); }} />
      <datalist id={listId}>
        {choices.map((one) => <option key={one} value={one} />)}
      </datalist>
    </Field>
  );
}
