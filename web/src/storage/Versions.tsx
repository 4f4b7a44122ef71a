/** The versions of an artifact: what becomes of each and why, and the trash as the way out for those nobody needs. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Fates, TrashedVersion, VersionFate } from "../api";
import { ArtifactLink } from "../artifacts/links";
import { formatAtLeast, formatBytes, formatNumber, lackingSizes, plural } from "../format";
import { Button } from "../parts/Button";
import { Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { queries } from "../queries";
import { useRights } from "../rights";
import { PolicyDialog } from "./PolicyDialog";
import styles from "./Storage.module.css";
import { TrashVersionsDialog } from "./TrashVersionsDialog";
import { restore } from "./moving";
import { fateText, holding, keeperText, policyText } from "./words";

const AT_FIRST = 100;

type Props = { project: string; name: string };

export function Versions({ project, name }: Props) {
  const found = useQuery(queries.fates(project, name));
  if (found.error !== null && found.data === undefined) return <Failure what="The versions could not be fetched." error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Outline lines={6} />;
  return (
    <>
      <Live project={project} name={name} fates={found.data} />
      <InTrash project={project} name={name} />
    </>
  );
}

function Live({ project, name, fates }: Props & { fates: Fates }) {
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [isEvenIfRead, setIsEvenIfRead] = useState(false);
  const [most, setMost] = useState(AT_FIRST);
  const [isOpen, setIsOpen] = useState<"policy" | "trash" | null>(null);
  const reason = useRights(project)("editor");
  const { versions, policy } = fates;
  const may = (one: VersionFate) => holding(one.keepers, isEvenIfRead).length === 0;
  const picked = versions.filter((one) => chosen.has(one.id) && may(one));
  const free = versions.filter(({ keepers }) => keepers.length === 0);
  const toggle = (id: number) => { setChosen((now) => (now.has(id) ? new Set([...now].filter((one) => one !== id)) : new Set([...now, id]))); };
  const close = () => { setIsOpen(null); };
  return (
    <>
      <p className={styles["told"]}>Policy: {policyText(policy)}.</p>
      <div className={styles["tools"]}>
        <Button reason={reason} onClick={() => { setIsOpen("policy"); }}>Policy…</Button>
        <Button reason={reason} disabled={reason === undefined && picked.length === 0} onClick={() => { setIsOpen("trash"); }}>
          {picked.length === 0 ? "Move to trash…" : `Move ${plural(picked.length, "version")} to trash…`}
        </Button>
        <button type="button" data-look="link" disabled={free.length === 0} onClick={() => { setChosen(new Set(free.map(({ id }) => id))); }}>Choose all that nothing keeps</button>
        <span className="muted" role="status">{picked.length === 0 ? "" : `${formatAtLeast(picked.reduce((sum, one) => sum + one.size_bytes, 0), picked.reduce((sum, one) => sum + (one.unsized_count ?? 0), 0))} chosen`}</span>
      </div>
      <label className={styles["choice"]}>
        <input type="checkbox" checked={isEvenIfRead} onChange={(event) => { setIsEvenIfRead(event.target.checked); }} /> Even those that runs have read
      </label>
      {versions.length === 0 && <p className="muted">All of its versions are in the trash.</p>}
      <ul className={styles["list"]} aria-label="Versions">
        {versions.slice(0, most).map((one) => (
          <Version key={one.id} project={project} name={name} version={one} metric={policy.metric ?? ""} isChosen={chosen.has(one.id) && may(one)} stays={may(one) ? null : holding(one.keepers, isEvenIfRead).map(keeperText).join("; ")} onToggle={() => { toggle(one.id); }} />
        ))}
      </ul>
      {most < versions.length && <button type="button" data-look="link" onClick={() => { setMost(versions.length); }}>Show all {versions.length}</button>}
      {versions.length < fates.version_count && <p className="muted small">The newest {versions.length} of {fates.version_count} are shown.</p>}
      {isOpen === "policy" && <PolicyDialog project={project} name={name} policy={policy} onClose={close} />}
      {isOpen === "trash" && <TrashVersionsDialog project={project} name={name} versions={picked} isEvenIfRead={isEvenIfRead} onClose={close} onMoved={() => { setChosen(new Set()); }} />}
    </>
  );
}

type VersionProps = Props & { version: VersionFate; metric: string; isChosen: boolean; /** What keeps it from being chosen. */ stays: string | null; onToggle: () => void };

function Version({ project, name, version: one, metric, isChosen, stays, onToggle }: VersionProps) {
  const [nowMs] = useState(Date.now);
  return (
    <li className={styles["version"]}>
      <input type="checkbox" aria-label={`Choose v${String(one.version)}`} checked={isChosen} disabled={stays !== null} title={stays === null ? undefined : `It stays: ${stays}`} onChange={onToggle} />
      <span className={styles["told"]}>
        <span>
          <ArtifactLink artifact={{ project, name, version: one.version }}>v{one.version}</ArtifactLink> · <span title={lackingSizes(one.unsized_count)}>{formatAtLeast(one.size_bytes, one.unsized_count)}</span>{one.value !== null && <> · <bdi>{metric}</bdi> {formatNumber(one.value)}</>} · <Ago ms={one.created_ms} />
        </span>
        <span className={one.fate === "goes" || one.fate === "expires" ? styles["kept"] : "muted"}>{fateText(one, nowMs)}</span>
      </span>
    </li>
  );
}

function InTrash({ project, name }: Props) {
  const trash = useQuery(queries.trash(project));
  if (trash.error !== null && trash.data === undefined) return <Failure what="The trash could not be fetched." error={trash.error} onRetry={() => void trash.refetch()} />;
  const versions = trash.data?.versions.filter((one) => one.name === name) ?? [];
  if (versions.length === 0) return null;
  return (
    <section className={styles["list"]} aria-label="In the trash">
      <h3>In the trash</h3>
      <ul className={styles["list"]}>
        {versions.map((one) => <Trashed key={one.id} project={project} version={one} />)}
      </ul>
      {(trash.data?.versions.length ?? 0) < (trash.data?.version_count ?? 0) && <p className="muted small">Of those that came into the project’s trash last.</p>}
    </section>
  );
}

function Trashed({ project, version: one }: { project: string; version: TrashedVersion }) {
  const [isBusy, setIsBusy] = useState(false);
  const reason = useRights(project)("editor");
  const bring = async () => {
    setIsBusy(true);
    if (!(await restore(project, [one.id]))) setIsBusy(false);
  };
  return (
    <li className={styles["version"]}>
      <span className={styles["told"]}>
        <span><ArtifactLink artifact={{ project, name: one.name, version: one.version }}>v{one.version}</ArtifactLink> · {formatBytes(one.size_bytes)}</span>
        <span className="muted">deleted <Ago ms={one.deleted_ms} /> by {one.by ?? "the policy"}{one.reason !== "" && <>: <bdi>{one.reason}</bdi></>}</span>
      </span>
      <Button reason={reason} disabled={isBusy} aria-label={`Restore v${String(one.version)}`} onClick={() => void bring()}>Restore</Button>
    </li>
  );
}
