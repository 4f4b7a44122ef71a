/** Deletes a webhook for good: its name is asked for, since nothing brings it back. */

import { type FormEvent, useState } from "react";
import { type Webhook, api, reasonOf } from "../api";
import { plural } from "../format";
import { toast } from "../frame/Toasts";
import { Dialog } from "../parts/Dialog";
import styles from "./Webhooks.module.css";

type Props = { project: string; webhook: Webhook; onClose: () => void };

export function DeleteWebhookDialog({ project, webhook, onClose }: Props) {
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<string | null>(null);
  const remove = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await api.deleteWebhook(project, webhook.id);
      toast({ text: `Deleted the webhook ${webhook.name}` });
      onClose();
    } catch (failure) {
      setError(reasonOf(failure));
    }
  };
  return (
    <Dialog title={`Delete ${webhook.name}`} onClose={onClose}>
      <form className={styles["form"]} onSubmit={(event) => void remove(event)}>
        <p>
          <strong><bdi>{webhook.name}</bdi></strong> is told nothing more, and its log of deliveries is deleted
          {webhook.waiting > 0 && <>, with {plural(webhook.waiting, "delivery", "deliveries")} not sent yet</>}. This cannot be undone; <em>Pause</em> can.
        </p>
        {error !== null && <p className={styles["error"]} role="alert">{error}</p>}
        <label className={styles["field"]}>
          Type its name to delete it
          <input data-autofocus value={typed} onChange={(event) => { setTyped(event.target.value); }} />
        </label>
        <div className={styles["acts"]}>
          <button type="submit" data-look="primary" disabled={typed !== webhook.name}>Delete webhook</button>
        </div>
      </form>
    </Dialog>
  );
}
