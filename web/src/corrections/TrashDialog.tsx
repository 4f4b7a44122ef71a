/** What was deleted in a project and can still come back, and how it is deleted for good. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Trash, type TrashedMetric, type TrashedRun, type TrashedVersion, api, reasonOf } from "../api";
import { formatBytes, formatCount, plural } from "../format";
import { toast } from "../frame/Toasts";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { queries } from "../queries";
import { useRights } from "../rights";
import styles from "./Corrections.module.css";
import { correctionMade, undoCorrection } from "./made";
import { purgedText } from "./words";

type Chosen = { runs: ReadonlySet<string>; metrics: ReadonlySet<number>; versions: ReadonlySet<number> };

const NONE: Chosen = { runs: new Set(), metrics: new Set(), versions: new Set() };

export function TrashDialog({ project, onClose }: { project: string; onClose: () => void }) {
  const trash = useQuery(queries.trash(project));
  const [chosen, setChosen] = useState(NONE);
  const [isPurging, setIsPurging] = useState(false);
  const withheld = useRights(project);
  const picked = trash.data === undefined ? [] : pick(trash.data, chosen);
  return (
    <Dialog
      title={`Trash of ${project}`}
      width="wide"
      onClose={onClose}
      footer={picked.length === 0 || isPurging ? undefined : <Button reason={withheld("admin")} onClick={() => { setIsPurging(true); }}>Delete {picked.length} for good…</Button>}
    >
      {trash.isPending && <Outline />}
      {trash.error !== null && <Failure what="The trash could not be fetched." error={trash.error} onRetry={() => void trash.refetch()} />}
      {trash.data !== undefined && trash.data.runs.length + trash.data.metrics.length + trash.data.versions.length === 0 && <p className="muted">The trash is empty. Runs, metrics and artifact versions that are deleted wait here until somebody deletes them for good.</p>}
      {trash.data !== undefined && !isPurging && <Contents reason={withheld("editor")} project={project} trash={trash.data} chosen={chosen} onChoose={setChosen} />}
      {isPurging && (
        <Purge
          project={project}
          picked={picked}
          onCancel={() => { setIsPurging(false); }}
          onDone={() => {
            setIsPurging(false);
            setChosen(NONE);
          }}
        />
      )}
    </Dialog>
  );
}

type ContentsProps = { reason: string | undefined; project: string; trash: Trash; chosen: Chosen; onChoose: (chosen: Chosen) => void };

function Contents({ reason, project, trash, chosen, onChoose }: ContentsProps) {
  return (
    <>
      {trash.runs.length > 0 && (
        <section aria-label="Deleted runs">
          <h3>Runs <span className="muted">{formatCount(trash.run_count)}</span></h3>
          <ul className={styles["log"]}>
            {trash.runs.map((run) => (
              <Item
                key={run.id}
                name={run.name}
                reason={reason}
                item={run}
                size={`${plural(run.point_count, "point")}, ${formatBytes(run.file_bytes)} of files`}
                keptBy={run.kept_by}
                isChosen={chosen.runs.has(run.id)}
                onChoose={() => { onChoose({ ...chosen, runs: toggled(chosen.runs, run.id) }); }}
                onRestore={() => restoreRun(run)}
              />
            ))}
          </ul>
          {trash.runs.length < trash.run_count && <p className="muted small">The newest {formatCount(trash.runs.length)} of {formatCount(trash.run_count)} are shown.</p>}
        </section>
      )}
      {trash.metrics.length > 0 && (
        <section aria-label="Deleted metrics">
          <h3>Metrics <span className="muted">{formatCount(trash.metric_count)}</span></h3>
          <ul className={styles["log"]}>
            {trash.metrics.map((metric) => (
              <Item
                key={metric.correction}
                name={metric.metric}
                reason={reason}
                item={metric}
                size={`${plural(metric.point_count, "point")} in ${plural(metric.run_count, "run")}`}
                keptBy={[]}
                isChosen={chosen.metrics.has(metric.correction)}
                onChoose={() => { onChoose({ ...chosen, metrics: toggled(chosen.metrics, metric.correction) }); }}
                onRestore={() => undoCorrection(project, metric.correction)}
              />
            ))}
          </ul>
          {trash.metrics.length < trash.metric_count && <p className="muted small">The newest {formatCount(trash.metrics.length)} of {formatCount(trash.metric_count)} are shown.</p>}
        </section>
      )}
      {trash.versions.length > 0 && (
        <section aria-label="Deleted artifact versions">
          <h3>Artifact versions <span className="muted">{formatCount(trash.version_count)}</span></h3>
          <ul className={styles["log"]}>
            {trash.versions.map((version) => (
              <Item
                key={version.id}
                name={refOf(version)}
                reason={reason}
                item={version}
                size={formatBytes(version.size_bytes)}
                keptBy={version.kept_by}
                isChosen={chosen.versions.has(version.id)}
                onChoose={() => { onChoose({ ...chosen, versions: toggled(chosen.versions, version.id) }); }}
                onRestore={() => restoreVersion(project, version)}
              />
            ))}
          </ul>
          {trash.versions.length < trash.version_count && <p className="muted small">The newest {formatCount(trash.versions.length)} of {formatCount(trash.version_count)} are shown.</p>}
        </section>
      )}
    </>
  );
}

type ItemProps = {
  name: string;
  /** Why one may not bring it back. */
  reason: string | undefined;
  item: TrashedRun | TrashedMetric | TrashedVersion;
  size: string;
  keptBy: readonly string[];
  isChosen: boolean;
  onChoose: () => void;
  onRestore: () => Promise<unknown>;
};

function Item({ name, reason, item, size, keptBy, isChosen, onChoose, onRestore }: ItemProps) {
  const [isBusy, setIsBusy] = useState(false);
  const restore = async () => {
    setIsBusy(true);
    await onRestore();
    setIsBusy(false);
  };
  return (
    <li className={styles["entry"]}>
      <input type="checkbox" aria-label={`Choose ${name}`} checked={isChosen} disabled={keptBy.length > 0} title={keptBy.length > 0 ? "It cannot be deleted for good" : undefined} onChange={onChoose} />
      <span className={styles["act"]}>
        <span><bdi><strong>{name}</strong></bdi> <span className="muted">{size}</span></span>
        <span className="muted">deleted <Ago ms={item.deleted_ms} /> by {item.by ?? "the policy of its artifact"}{item.reason !== "" && <>: <bdi>{item.reason}</bdi></>}</span>
        {keptBy.length > 0 && <span className={styles["kept"]}>It is kept, because {keptBy.join(", ")} came from it.</span>}
      </span>
      <Button reason={reason} aria-label={`Restore ${name}`} disabled={isBusy} onClick={() => void restore()}>Restore</Button>
    </li>
  );
}

type Picked = { name: string; size: string; run?: string; metric?: number; version?: number };
type PurgeProps = { project: string; picked: readonly Picked[]; onCancel: () => void; onDone: () => void };

/** Nobody can take this back, and so it says all that goes. */
function Purge({ project, picked, onCancel, onDone }: PurgeProps) {
  const [reason, setReason] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    try {
      const purged = await api.purgeTrash(project, {
        reason: reason.trim(),
        runs: picked.flatMap(({ run }) => run ?? []),
        metrics: picked.flatMap(({ metric }) => metric ?? []),
        versions: picked.flatMap(({ version }) => version ?? []),
      });
      toast({ text: purgedText(purged) });
      await correctionMade();
      onDone();
    } catch (failure) {
      setError(reasonOf(failure));
      setIsBusy(false);
    }
  };
  return (
    <form className={styles["form"]} aria-label="Delete for good" onSubmit={(event) => void submit(event)}>
      <p>These are deleted with all that was logged to them, and with files that nothing else uses. <strong>Nobody can undo this.</strong></p>
      <ul className={styles["goes"]}>
        {picked.map(({ name, size }) => (
          <li key={name}><bdi>{name}</bdi> <span className="muted">{size}</span></li>
        ))}
      </ul>
      {error !== null && <p className={styles["error"]} role="alert">{error}</p>}
      <label className={styles["field"]}>
        Reason (required)
        <textarea ref={focusFirst} rows={2} required maxLength={2000} value={reason} onChange={(event) => { setReason(event.target.value); }} />
      </label>
      <div className={styles["choice"]}>
        <button type="button" onClick={onCancel}>Back</button>
        <button type="submit" className={styles["danger"]} disabled={isBusy || reason.trim() === ""}>Delete for good</button>
      </div>
    </form>
  );
}

/** The dialog was open before: what comes into it takes the focus itself. */
const focusFirst = (element: HTMLElement | null) => { element?.focus(); };

function pick({ runs, metrics, versions }: Trash, chosen: Chosen): Picked[] {
  return [
    ...runs.filter(({ id }) => chosen.runs.has(id)).map(({ id, name, point_count, file_bytes }) => ({ name, run: id, size: `${plural(point_count, "point")}, ${formatBytes(file_bytes)} of files` })),
    ...metrics.filter(({ correction }) => chosen.metrics.has(correction)).map(({ correction, metric, point_count, run_count }) => ({ name: metric, metric: correction, size: `${plural(point_count, "point")} in ${plural(run_count, "run")}` })),
    ...versions.filter(({ id }) => chosen.versions.has(id)).map((version) => ({ name: refOf(version), version: version.id, size: formatBytes(version.size_bytes) })),
  ];
}

function toggled<T>(chosen: ReadonlySet<T>, one: T): ReadonlySet<T> {
  return chosen.has(one) ? new Set([...chosen].filter((other) => other !== one)) : new Set([...chosen, one]);
}

const refOf = ({ name, version }: TrashedVersion) => `${name}:v${String(version)}`;

async function restoreVersion(project: string, version: TrashedVersion): Promise<void> {
  try {
    await api.restoreVersions(project, { versions: [version.id] });
    toast({ text: `Restored ${refOf(version)}` });
  } catch (error) {
    toast({ text: `${refOf(version)} did not come back: ${reasonOf(error)}`, isBad: true });
  }
  await correctionMade();
}

async function restoreRun({ id, name }: TrashedRun): Promise<void> {
  try {
    await api.restoreRun(id);
    toast({ text: `Restored ${name}` });
  } catch (error) {
    toast({ text: `${name} did not come back: ${reasonOf(error)}`, isBad: true });
  }
  await correctionMade();
}
