/**
 * The one dialog through which a version comes into production: what it replaces, what changes with it, and why.
 *
 * The alias is sent with the holder that was seen here. When somebody was faster, nothing has happened: the dialog says
 * who, and shows the comparison with what they promoted. Where others have to approve, it makes a proposal.
 */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useId, useState } from "react";
import { ApiError, type PromotionPreview, api, reasonOf } from "../api";
import { Button, tellReason } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { Failure, Outline } from "../parts/Note";
import { client, queries, registryChanged } from "../queries";
import { useRights } from "../rights";
import { Comparison, Gates, Replaces, WillCall } from "./Comparison";
import { ModelNameField } from "./ModelNameField";
import styles from "./PromoteDialog.module.css";
import { announceMove } from "./announceMove";
import { MODEL_NAME, type Step, type Target, candidateVersion, isPassed, stepOf } from "./promotion";

/** Runs go on, rules are edited, others promote: what is shown is asked for anew. */
const REFRESH_MS = 5000;

export function PromoteDialog({ target, onClose }: { target: Target; onClose: () => void }) {
  const [model, setModel] = useState(target.kind === "version" ? target.model : target.suggestedModel);
  const [alias, setAlias] = useState(target.alias);
  const isNamed = MODEL_NAME.test(model) && MODEL_NAME.test(alias);
  const source = target.kind === "version" ? { version: target.version } : { artifact_version_id: target.artifactVersion };
  const found = useQuery({ ...queries.promotion(model, { alias, ...source }), enabled: isNamed, refetchInterval: REFRESH_MS });
  const act = useAct({ model, alias, source, onDone: onClose });
  const [reason, setReason] = useState("");
  const [isOverriding, setIsOverriding] = useState(false);
  const withheld = useRights(target.project);
  const formId = useId();
  const preview = isNamed ? found.data : undefined;
  const step = preview === undefined ? null : stepOf(preview, { isOverriding: isOverriding && withheld("admin") === undefined });
  const isReady = step !== null && step.hindrance === null && reason.trim() !== "" && !act.isBusy;
  const refusal = step === null ? undefined : withheld(step.needs);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (refusal !== undefined) tellReason(refusal);
    else if (preview !== undefined && isReady) void act.run(step, preview, reason.trim());
  };
  return (
    <Dialog
      title={preview === undefined ? "Promote" : `Promote ${model} v${String(candidateVersion(preview))} to ${alias}`}
      width="wide"
      onClose={onClose}
      footer={
        <>
          {preview !== undefined && step !== null && <Hint {...{ preview, step, refusal }} />}
          <button type="button" onClick={onClose}>Cancel</button>
          {refusal === undefined || step === null ? (
            <button type="submit" form={formId} data-look="primary" disabled={!isReady}>{step?.label ?? "Promote"}</button>
          ) : (
            <Button reason={refusal} data-look="primary">{step.label}</Button>
          )}
        </>
      }
    >
      <form id={formId} className={styles["form"]} onSubmit={submit}>
        <div className={styles["fields"]}>
          {target.kind === "artifact" && <ModelNameField value={model} onChange={setModel} />}
          <AliasField value={alias} onChange={setAlias} />
          {preview !== undefined && <p className={styles["replaces"]}><Replaces preview={preview} /></p>}
        </div>
        {act.error !== null && <p className={styles["error"]} role="alert">{act.error}</p>}
        {found.error !== null && isNamed && <Failure what="The comparison could not be fetched." error={found.error} onRetry={() => void found.refetch()} />}
        {found.isLoading && isNamed && <Outline />}
        {preview !== undefined && (
          <>
            <Comparison preview={preview} project={target.project} />
            <Gates preview={preview}>
              {!isPassed(preview.gates) && preview.approval.needed === 0 && <Override value={isOverriding} reason={withheld("admin")} onChange={setIsOverriding} />}
            </Gates>
            <Asked preview={preview} />
          </>
        )}
        <label className={styles["reason"]}>
          Reason (required)
          <textarea rows={2} required maxLength={2000} placeholder="Why is it better? It stays in the history." value={reason} onChange={(event) => { setReason(event.target.value); }} />
        </label>
        {preview !== undefined && <WillCall preview={preview} />}
      </form>
    </Dialog>
  );
}

type Act = { model: string; alias: string; source: { version: number } | { artifact_version_id: number }; onDone: () => void };

/** What is refused because things have changed is shown as they are now. */
const CHANGED: readonly string[] = ["alias_moved", "needs_approval", "gate_failed", "version_archived", "bundle_barred"];

function useAct({ model, alias, source, onDone }: Act) {
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const navigate = useNavigate();
  const promote = async (shown: PromotionPreview, reason: string, override: boolean) => {
    const candidate = shown.candidate === null ? source : { version: shown.candidate.version };
    const moved = await api.moveAlias(model, alias, { reason, replaces: shown.holder?.version ?? null, override, ...candidate });
    await registryChanged();
    announceMove(moved);
  };
  const propose = async (reason: string) => {
    const { number } = await api.propose(model, { reason, alias, ...source });
    await registryChanged();
    await navigate({ to: "/models/$name/proposals/$number", params: { name: model, number: String(number) } });
  };
  const run = async (step: Step, shown: PromotionPreview, reason: string) => {
    setIsBusy(true);
    setError(null);
    try {
      await (step.kind === "propose" ? propose(reason) : promote(shown, reason, step.isOverride));
      onDone();
    } catch (failure) {
      setError(reasonOf(failure));
      if (failure instanceof ApiError && CHANGED.includes(failure.code)) await client.invalidateQueries({ queryKey: ["models", model, "promotion"] });
    } finally {
      setIsBusy(false);
    }
  };
  return { error, isBusy, run };
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

function Override({ value, reason, onChange }: { value: boolean; reason: string | undefined; onChange: (value: boolean) => void }) {
  const id = useId();
  return (
    <p>
      <label>
        <input type="checkbox" checked={value} disabled={reason !== undefined} aria-describedby={id} onChange={(event) => { onChange(event.target.checked); }} />{" "}
        Promote anyway
      </label>{" "}
      <span id={id} className="muted">{reason ?? "The reason below stands in the audit trail, with what the gates said."}</span>
    </p>
  );
}

function Asked({ preview: { approval, alias } }: { preview: PromotionPreview }) {
  if (approval.needed === 0) return null;
  return (
    <section className={styles["part"]} aria-label="Approval">
      <h3>Approval</h3>
      <p>
        {alias} needs the approval of {approval.needed === 1 ? "another person" : `${String(approval.needed)} other people`}.{" "}
        {approval.may.length === 0 ? "Nobody else may give it yet." : <>Asked from: <bdi>{approval.may.join(", ")}</bdi> (0 of {approval.needed}).</>}
      </p>
    </section>
  );
}

/** Why the button cannot be pressed, beside it. */
function Hint({ preview, step, refusal }: { preview: PromotionPreview; step: Step; refusal: string | undefined }) {
  const { may } = preview.approval;
  const said = refusal === undefined ? step.hindrance : `${refusal}${may.length === 0 ? "" : ` Ask ${may.join(", ")}.`}`;
  if (said === null && preview.open_proposal === null) return null;
  return (
    <span className={`sentence ${styles["hint"] ?? ""}`}>
      {said}{" "}
      {preview.open_proposal !== null && (
        <>
          <Link to="/models/$name/proposals/$number" params={{ name: preview.model, number: String(preview.open_proposal) }}>Proposal {preview.open_proposal}</Link> asks for this already.
        </>
      )}
    </span>
  );
}
