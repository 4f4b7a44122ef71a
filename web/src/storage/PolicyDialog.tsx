/** Chooses which versions of an artifact stay by themselves, and shows what would go before that is saved. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";
import { type Fates, type RetentionPolicy, api, reasonOf } from "../api";
import { correctionMade } from "../corrections/made";
import { formatBytes, plural } from "../format";
import { toast } from "../frame/Toasts";
import { Dialog } from "../parts/Dialog";
import { useDraft } from "../parts/useDraft";
import { queries } from "../queries";
import { useGoals } from "../useGoals";
import styles from "./Storage.module.css";
import { type PolicyField, draftOf, readDraft } from "./policyDraft";
import { isNone, policyText, versionNames } from "./words";

const TYPING_MS = 250;

type Props = { project: string; name: string; policy: Partial<RetentionPolicy>; onClose: () => void };

export function PolicyDialog({ project, name, policy: held, onClose }: Props) {
  const [settled, setSettled] = useState(() => draftOf(held));
  const [draft, setDraft] = useDraft(settled, setSettled, TYPING_MS);
  const [isAsked, setIsAsked] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const metrics = useQuery(queries.keys(project)).data?.metrics.map((one) => one.name) ?? [];
  const goalOf = useGoals(project);
  const id = useId();
  const usual = goalOf(draft.metric.trim());
  const { policy, problems } = readDraft(draft, usual);
  const tried = readDraft(settled, goalOf(settled.metric.trim()));
  const isSound = Object.keys(tried.problems).length === 0;
  const preview = useQuery({ ...queries.triedPolicy(project, name, tried.policy), enabled: isSound, placeholderData: keepPreviousData });
  /** Nobody saves what they have not been shown. */
  const isUnseen = Object.keys(problems).length === 0 && (JSON.stringify(policy) !== JSON.stringify(tried.policy) || preview.data === undefined || preview.isPlaceholderData);
  const set = (part: Partial<typeof draft>) => { setDraft({ ...draft, ...part }); };
  /** A field that nobody has finished is not wrong yet; one that holds what it cannot is. */
  const problemOf = (field: PolicyField) => (isAsked || (field !== "metric" && field !== "goal" && draft[field] !== "") ? problems[field] : undefined);
  const save = async () => {
    setIsAsked(true);
    const [first] = Object.keys(problems);
    if (first !== undefined) {
      document.getElementById(`${id}-${first}`)?.focus();
      return;
    }
    setIsBusy(true);
    setError(null);
    try {
      const { going_count: count, going_bytes: bytes } = await api.choosePolicy(project, name, policy);
      toast({ text: `${name}: ${policyText(policy)}.${count > 0 ? ` ${plural(count, "version")} (${formatBytes(bytes)}) went to the trash.` : ""}`, about: "policy" });
      await correctionMade();
      onClose();
    } catch (failure) {
      setError(reasonOf(failure));
      setIsBusy(false);
    }
  };
  const field = (key: PolicyField, label: string, control: ReactNode) => {
    const problem = problemOf(key);
    return (
      <div className={styles["field"]}>
        <label htmlFor={`${id}-${key}`}>{label}</label>
        {control}
        {problem !== undefined && <p id={`${id}-${key}-problem`} className={styles["error"]} role="alert">{problem}</p>}
      </div>
    );
  };
  const about = (key: PolicyField) => ({ id: `${id}-${key}`, "aria-invalid": problemOf(key) !== undefined, "aria-describedby": problemOf(key) === undefined ? undefined : `${id}-${key}-problem` });
  return (
    <Dialog title={`Which versions of ${name} stay`} onClose={onClose}>
      <form
        className={styles["form"]}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p className="muted">What none of this keeps goes to the trash by itself. Leave a field empty to do without it; all empty, every version stays.</p>
        {field("best", "Keep the best", <input {...about("best")} data-autofocus inputMode="numeric" autoComplete="off" placeholder="how many" value={draft.best} onChange={(event) => { set({ best: event.target.value }); }} />)}
        {field("metric", "by the metric", (
          <>
            <input {...about("metric")} list={`${id}-metrics`} autoComplete="off" placeholder="val/acc" maxLength={1000} value={draft.metric} onChange={(event) => { set({ metric: event.target.value }); }} />
            <datalist id={`${id}-metrics`}>{metrics.map((one) => <option key={one} value={one} />)}</datalist>
          </>
        ))}
        {field("goal", "of which", (
          <select {...about("goal")} value={draft.goal === "" ? (usual ?? "") : draft.goal} onChange={(event) => { set({ goal: event.target.value === "min" ? "min" : event.target.value === "max" ? "max" : "" }); }}>
            <option value="">choose</option>
            <option value="max">higher is better</option>
            <option value="min">lower is better</option>
          </select>
        ))}
        {field("last", "Keep the newest", <input {...about("last")} inputMode="numeric" autoComplete="off" placeholder="how many" value={draft.last} onChange={(event) => { set({ last: event.target.value }); }} />)}
        {field("days", "Let the others go after so many days", <input {...about("days")} inputMode="decimal" autoComplete="off" placeholder="at once" value={draft.days} onChange={(event) => { set({ days: event.target.value }); }} />)}
        <section className={styles["preview"]} aria-label="What this would do" aria-live="polite" aria-busy={preview.isFetching}>
          {!isSound && <p className="muted">What would go is shown here once the fields say a policy.</p>}
          {isSound && preview.error !== null && <p role="alert" className={styles["error"]}>{reasonOf(preview.error)}</p>}
          {isSound && preview.error === null && preview.data !== undefined && <Preview fates={preview.data} policy={tried.policy} />}
        </section>
        {error !== null && <p className={styles["error"]} role="alert">{error}</p>}
        <div className={styles["acts"]}>
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" data-look="primary" disabled={isBusy || isUnseen}>Save policy</button>
        </div>
      </form>
    </Dialog>
  );
}

function Preview({ fates, policy }: { fates: Fates; policy: RetentionPolicy }) {
  const of = (fate: Fates["versions"][number]["fate"]) => fates.versions.filter((one) => one.fate === fate);
  const [going, later, kept] = [of("goes"), of("expires"), of("kept")];
  if (isNone(policy)) return <p>Every version stays until somebody deletes it.</p>;
  return (
    <>
      <p>
        <strong>{fates.going_count === 0 ? "Nothing goes now." : `${plural(fates.going_count, "version")} of ${String(fates.version_count)}, ${formatBytes(fates.going_bytes)}, ${fates.going_count === 1 ? "goes" : "go"} to the trash at once:`}</strong>{" "}
        {going.length > 0 && `${versionNames(going)}.`}
      </p>
      {later.length > 0 && <p>{versionNames(later)} {later.length === 1 ? "goes" : "go"} when old enough.</p>}
      {kept.length > 0 && <p className="muted">{versionNames(kept)} {kept.length === 1 ? "stays" : "stay"} whatever the policy says: {[...new Set(kept.flatMap(({ keepers }) => keepers.map(({ kind }) => KEPT_BY[kind])))].join(", ")}.</p>}
      {fates.version_count > fates.versions.length && <p className="muted small">Told of the newest {fates.versions.length} versions; the counts are of all.</p>}
    </>
  );
}

const KEPT_BY: Record<Fates["versions"][number]["keepers"][number]["kind"], string> = {
  model: "a model is made of it",
  evidence: "a model is judged by it",
  rule: "a rule of a model names it",
  leaderboard: "a leaderboard ranks by it",
  alias: "it has an alias",
  runs: "runs have read it",
  newest: "it is the newest",
  hand: "it was taken out of the trash by hand",
};
