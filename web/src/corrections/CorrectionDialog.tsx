/** Renames, hides or deletes a metric, of one run or of the project: what it is about is said before it is done. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type NewCorrection, api, reasonOf } from "../api";
import { plural } from "../format";
import { Dialog } from "../parts/Dialog";
import { useDraft } from "../parts/useDraft";
import { queries } from "../queries";
import styles from "./Corrections.module.css";
import { announceCorrection, correctionMade } from "./made";
import { type MetricAction, doneText } from "./words";

/** `run` is the one whose page it is; without it the correction is about the whole project. */
export type CorrectionTarget = { project: string; run: { id: string; name: string } | null; metric: string; action: MetricAction };

const WORDS = {
  rename: { verb: "Rename", what: "Its points are shown under the new name, and so are those still to come. Nothing that is stored changes." },
  hide: { verb: "Hide", what: "It is left out of lists and charts. Its points stay, and it comes back when this is undone." },
  delete: { verb: "Delete", what: "Its points go to the trash. They come back when this is undone, until somebody empties the trash." },
} as const;

/** Asking at each letter would ask for names that nobody means. */
const PAUSE_MS = 200;

export function CorrectionDialog({ target, onClose }: { target: CorrectionTarget; onClose: () => void }) {
  const { project, run, metric, action } = target;
  const [isOfRun, setIsOfRun] = useState(run !== null);
  const [shownAs, setShownAs] = useState(metric);
  const [draft, setDraft] = useDraft(shownAs, setShownAs, PAUSE_MS);
  const [reason, setReason] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const { verb, what } = WORDS[action];
  const correction = (name: string): NewCorrection => ({ action, metric, run: isOfRun ? (run?.id ?? null) : null, ...(action === "rename" ? { shown_as: name.trim() } : {}) });
  const isNamed = (name: string) => action !== "rename" || (name.trim() !== "" && name.trim() !== metric);
  const preview = useQuery({ ...queries.correctionPreview(project, correction(shownAs)), enabled: isNamed(shownAs), placeholderData: keepPreviousData });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    try {
      const { entry, effects } = await api.correct(project, { ...correction(draft), reason: reason.trim() });
      announceCorrection(project, entry, doneText(action, metric, draft.trim(), isOfRun ? (run?.name ?? "the run") : plural(effects.run_count, "run")));
      onClose();
      await correctionMade();
    } catch (failure) {
      setError(reasonOf(failure));
      setIsBusy(false);
    }
  };
  const problem = error ?? (isNamed(draft) && preview.error !== null ? reasonOf(preview.error) : null);
  return (
    <Dialog title={`${verb} ${metric}`} onClose={onClose}>
      <form className={styles["form"]} onSubmit={(event) => void submit(event)}>
        {action === "rename" && (
          <label className={styles["field"]}>
            New name
            <input data-autofocus required maxLength={500} value={draft} onChange={(event) => { setError(null); setDraft(event.target.value); }} />
          </label>
        )}
        {run !== null && (
          <fieldset className={styles["scope"]}>
            <legend>Where</legend>
            <label><input type="radio" name="scope" checked={isOfRun} onChange={() => { setError(null); setIsOfRun(true); }} /> in <bdi>{run.name}</bdi> alone</label>
            <label><input type="radio" name="scope" checked={!isOfRun} onChange={() => { setError(null); setIsOfRun(false); }} /> in all runs of <bdi>{project}</bdi></label>
          </fieldset>
        )}
        <div className={styles["effects"]} aria-live="polite">
          <p>{what}</p>
          {isNamed(draft) && preview.data !== undefined && problem === null && (
            <>
              <p>This is about {plural(preview.data.point_count, "point")} in {plural(preview.data.run_count, "run")}.</p>
              {preview.data.notes.map((note) => <p key={note}>{note}</p>)}
            </>
          )}
        </div>
        {problem !== null && <p className={styles["error"]} role="alert">{problem}</p>}
        <label className={styles["field"]}>
          Reason (required)
          <textarea {...(action === "rename" ? {} : { "data-autofocus": true })} rows={2} required maxLength={2000} value={reason} onChange={(event) => { setReason(event.target.value); }} />
        </label>
        <div className={styles["choice"]}>
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" data-look="primary" disabled={isBusy || reason.trim() === "" || !isNamed(draft)}>{verb}</button>
        </div>
      </form>
    </Dialog>
  );
}
