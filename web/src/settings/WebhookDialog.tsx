/** Makes a webhook or changes one. The secret of its signatures is shown once, and kept nowhere in the page. */

import { type FormEvent, useId, useState } from "react";
import { ApiError, type NewWebhook, type Webhook, api, reasonOf } from "../api";
import { CodeBlock } from "../parts/Code";
import { Dialog } from "../parts/Dialog";
import styles from "./Webhooks.module.css";
import { EVENTS } from "./webhooks";

type Props = { project: string; webhook: Webhook | null; onClose: () => void };
type Fault = { isOfAddress: boolean; text: string };

const faultOf = (error: unknown): Fault => ({
  isOfAddress: error instanceof ApiError && (error.code === "bad_address" || error.code === "address_refused"),
  text: reasonOf(error),
});

export function WebhookDialog({ project, webhook, onClose }: Props) {
  const [draft, setDraft] = useState<NewWebhook>({ name: webhook?.name ?? "", url: webhook?.url ?? "https://", events: webhook?.events ?? ["alias.moved"] });
  const [fault, setFault] = useState<Fault | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const faultId = useId();
  const attempt = async (what: () => Promise<void>) => {
    setIsBusy(true);
    setFault(null);
    try {
      await what();
    } catch (error) {
      setFault(faultOf(error));
    } finally {
      setIsBusy(false);
    }
  };
  const save = () => attempt(async () => {
    if (webhook === null) {
      setSecret((await api.createWebhook(project, draft)).secret);
    } else {
      await api.changeWebhook(project, webhook.id, draft);
      onClose();
    }
  });
  const renew = (id: number) => attempt(async () => { setSecret((await api.renewWebhookSecret(project, id)).secret); });
  if (secret !== null) return <Secret name={draft.name} secret={secret} onClose={onClose} />;
  return (
    <Dialog title={webhook === null ? `New webhook of ${project}` : `Edit ${webhook.name}`} onClose={onClose}>
      <form
        className={styles["form"]}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void save();
        }}
      >
        {fault?.isOfAddress === false && <p className={styles["error"]} role="alert">{fault.text}</p>}
        <label className={styles["field"]}>
          Name
          <input data-autofocus required maxLength={100} value={draft.name} onChange={(event) => { setDraft({ ...draft, name: event.target.value }); }} />
        </label>
        <label className={styles["field"]}>
          Address
          <input
            type="url" required maxLength={2000} value={draft.url} aria-invalid={fault?.isOfAddress === true} aria-describedby={fault?.isOfAddress === true ? faultId : undefined}
            onChange={(event) => { setDraft({ ...draft, url: event.target.value }); }}
          />
        </label>
        {fault?.isOfAddress === true && <p id={faultId} className={styles["error"]} role="alert">{fault.text}</p>}
        <Events chosen={draft.events} onChoose={(events) => { setDraft({ ...draft, events }); }} />
        <div className={styles["acts"]}>
          <button type="submit" data-look="primary" disabled={isBusy || draft.events.length === 0}>{webhook === null ? "Make webhook" : "Save"}</button>
          {webhook !== null && <button type="button" disabled={isBusy} onClick={() => void renew(webhook.id)}>New secret</button>}
        </div>
      </form>
    </Dialog>
  );
}

function Events({ chosen, onChoose }: { chosen: NewWebhook["events"]; onChoose: (events: NewWebhook["events"]) => void }) {
  return (
    <fieldset className={styles["events"]}>
      <legend>Tell it when</legend>
      {EVENTS.map(({ name, label }) => (
        <label key={name}>
          <input
            type="checkbox" checked={chosen.includes(name)}
            onChange={(event) => { onChoose(EVENTS.map((one) => one.name).filter((one) => (one === name ? event.target.checked : chosen.includes(one)))); }}
          />
          <span>{label} <code className="muted">{name}</code></span>
        </label>
      ))}
      {chosen.length === 0 && <p className={styles["error"]}>Choose at least one.</p>}
    </fieldset>
  );
}

function Secret({ name, secret, onClose }: { name: string; secret: string; onClose: () => void }) {
  return (
    <Dialog title={`The secret of ${name}`} onClose={onClose} footer={<button type="button" data-look="primary" onClick={onClose}>Done</button>}>
      <div className={styles["form"]}>
        <p>What is sent is signed with it. It is shown this once: copy it to the receiver now.</p>
        <CodeBlock text={secret} label="Secret" />
        <p className="muted small">The documentation (docs/webhooks.md) has six lines that check a signature.</p>
      </div>
    </Dialog>
  );
}
