/**
 * The one dialog through which a version comes into production: what it replaces, what changes with it, and why.
 *
 * The alias is sent with the holder that was seen here. When somebody was faster, nothing has happened: the dialog says
 * who, and shows the comparison with what they promoted.
 */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { ApiError, type PromotionPreview, api, reasonOf } from "../api";
import { formatBytes } from "../format";
import { Dialog } from "../parts/Dialog";
import { Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { client, queries, registryChanged } from "../queries";
import { ModelNameField } from "./ModelNameField";
import styles from "./PromoteDialog.module.css";
import { PromotionTable } from "./PromotionTable";
import { announceMove } from "./announceMove";
import { MODEL_NAME, type Target, candidateVersion, isThereAlready, promoteLabel } from "./promotion";

export function PromoteDialog({ target, onClose }: { target: Target; onClose: () => void }) {
  const [model, setModel] = useState(target.kind === "version" ? target.model : target.suggestedModel);
  const [alias, setAlias] = useState(target.alias);
  const [reason, setReason] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const formId = useId();
  const isNamed = MODEL_NAME.test(model) && MODEL_NAME.test(alias);
  const source = target.kind === "version" ? { version: target.version } : { artifact_version_id: target.artifactVersion };
  const preview = useQuery({ ...queries.promotion(model, { alias, ...source }), enabled: isNamed });

  const promote = async (shown: PromotionPreview) => {
    setIsBusy(true);
    setError(null);
    try {
      const candidate = shown.candidate === null ? source : { version: shown.candidate.version };
      const moved = await api.moveAlias(model, alias, { reason: reason.trim(), replaces: shown.holder?.version ?? null, ...candidate });
      await registryChanged();
      announceMove(moved);
      onClose();
    } catch (failure) {
      setError(reasonOf(failure));
      if (failure instanceof ApiError && failure.code === "alias_moved") await client.invalidateQueries({ queryKey: ["models", model, "promotion"] });
    } finally {
      setIsBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (preview.data !== undefined) void promote(preview.data);
  };
  const isReady = isNamed && preview.data !== undefined && !preview.isPlaceholderData && reason.trim() !== "" && !isThereAlready(preview.data);
  return (
    <Dialog
      title={preview.data === undefined ? "Promote" : `Promote ${model} v${String(candidateVersion(preview.data))} to ${alias}`}
      width="wide"
      onClose={onClose}
      footer={
        <>
          {preview.data !== undefined && isThereAlready(preview.data) && <span className={styles["hint"]}>v{preview.data.holder?.version} holds {alias} already.</span>}
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" form={formId} data-look="primary" disabled={!isReady || isBusy}>
            {preview.data === undefined ? "Promote" : promoteLabel(preview.data)}
          </button>
        </>
      }
    >
      <form id={formId} className={styles["form"]} onSubmit={submit}>
        <div className={styles["fields"]}>
          {target.kind === "artifact" && <ModelNameField value={model} onChange={setModel} />}
          <AliasField value={alias} onChange={setAlias} />
          {preview.data !== undefined && <Replaces preview={preview.data} />}
        </div>
        {error !== null && (
          <p className={styles["error"]} role="alert">
            {error}
          </p>
        )}
        {preview.error !== null && isNamed && <Failure what="The comparison could not be fetched." error={preview.error} onRetry={() => void preview.refetch()} />}
        {preview.isLoading && isNamed && <Outline />}
        {preview.data !== undefined && <PromotionTable preview={preview.data} />}
        {preview.data !== undefined && (
          <p className="muted small">
            From {preview.data.candidate_artifact}
            {preview.data.candidate_run_name !== null && <> of run {preview.data.candidate_run_name}</>}, {formatBytes(preview.data.candidate_size_bytes)}
          </p>
        )}
        <label className={styles["reason"]}>
          Reason (required)
          <textarea rows={2} required maxLength={2000} placeholder="Why is it better? It stays in the history." value={reason} onChange={(event) => { setReason(event.target.value); }} />
        </label>
      </form>
    </Dialog>
  );
}

const ALIASES = ["production", "staging", "champion"];

function AliasField({ value, onChange }: { value: string; onChange: (alias: string) => void }) {
  const listId = useId();
  const isGood = MODEL_NAME.test(value);
  return (
    <label className={styles["field"]}>
      Alias
      <input list={listId} required value={value} aria-invalid={!isGood} onChange={(event) => { onChange(event.target.value); }} />
      <datalist id={listId}>
        {ALIASES.map((alias) => (
          <option key={alias} value={alias} />
        ))}
      </datalist>
    </label>
  );
}

function Replaces({ preview: { alias, holder, holder_since } }: { preview: PromotionPreview }) {
  return (
    <p className={styles["replaces"]}>
      {holder === null || holder_since === null ? (
        <>Nothing is in {alias} yet.</>
      ) : (
        <>
          replaces <strong>v{holder.version}</strong>, there since <Ago ms={holder_since.since_ms} />, promoted by {holder_since.moved_by}
        </>
      )}
    </p>
  );
}
