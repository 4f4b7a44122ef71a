/** All that a promotion is decided by: the same in the dialog and on the page of a proposal. */

import type { ReactNode } from "react";
import type { PromotionPreview } from "../api";
import { formatBytes } from "../format";
import { Ago } from "../parts/Time";
import { GateList } from "./GateList";
import styles from "./PromoteDialog.module.css";
import { PromotionTable } from "./PromotionTable";
import { VersionChanges } from "./VersionChanges";
import { barOf, gateSentence } from "./promotion";

export function Comparison({ preview, project }: { preview: PromotionPreview; project: string }) {
  return (
    <>
      <Barred preview={preview} />
      <PromotionTable preview={preview} project={project} />
      <VersionChanges preview={preview} />
      <p className="muted small">
        From {preview.candidate_artifact}
        {preview.candidate_run_name !== null && <> of run {preview.candidate_run_name}</>}, {formatBytes(preview.candidate_size_bytes)}
      </p>
    </>
  );
}

/** Before all else: with it nothing below decides. */
function Barred({ preview }: { preview: PromotionPreview }) {
  const reason = barOf(preview);
  if (reason === null) return null;
  return <p className={styles["barred"]} role="alert"><strong><span aria-hidden="true">✕ </span>Cannot be promoted.</strong> <bdi>{reason}</bdi></p>;
}

export function Replaces({ preview: { alias, holder, holder_since } }: { preview: PromotionPreview }) {
  if (holder === null || holder_since === null) return <>Nothing is in {alias} yet.</>;
  return (
    <>
      replaces <strong>v{holder.version}</strong>, there since <Ago ms={holder_since.since_ms} />, promoted by {holder_since.moved_by}
    </>
  );
}

/** `children` is what one can do about gates that do not pass. */
export function Gates({ preview: { gates }, children }: { preview: PromotionPreview; children?: ReactNode }) {
  if (gates === null) return null;
  return (
    <section className={styles["part"]} aria-label="What the gates say">
      <h3>Gates</h3>
      <GateList gates={gates} />
      {gates.verdict !== "pass" && <p role="status">{gateSentence(gates)}</p>}
      {children}
    </section>
  );
}

export function WillCall({ preview: { webhooks } }: { preview: PromotionPreview }) {
  if (webhooks.length === 0) return null;
  return (
    <p>
      Will call:{" "}
      {webhooks.map(({ name, host }, index) => (
        <span key={`${name} ${host}`}>{index > 0 && ", "}<bdi>{name}</bdi> <span className="muted">({host})</span></span>
      ))}
    </p>
  );
}
