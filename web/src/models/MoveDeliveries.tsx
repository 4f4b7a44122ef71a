/** What webhooks were told of a move of an alias: whether it arrived, and a button to send it again. For who manages them. */

import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type AuditEntry, type Delivery, type Webhook, api, reasonOf } from "../api";
import { useNow } from "../clock";
import { toast } from "../frame/Toasts";
import { client } from "../queries";
import { useRights } from "../rights";
import { isOfEntry, standingOf, webhookQueries } from "../settings/webhooks";
import styles from "./MoveDeliveries.module.css";

type Props = { project: string; entry: AuditEntry; isOpenAtFirst: boolean };

export function MoveDeliveries({ project, entry, isOpenAtFirst }: Props) {
  const isManager = useRights(project)("admin") === undefined;
  const [isOpen, setIsOpen] = useState(isOpenAtFirst);
  const hooks = useQuery({ ...webhookQueries.all(project), enabled: isManager, refetchInterval: false }).data?.webhooks ?? [];
  const told = hooks.filter(({ events }) => events.some((one) => one === entry.action));
  if (!isManager || told.length === 0) return null;
  if (!isOpen) return <button type="button" data-look="link" onClick={() => { setIsOpen(true); }}>Webhooks</button>;
  return (
    <ul className={styles["deliveries"]} aria-label="Webhooks that were told">
      {told.map((webhook) => <OfWebhook key={webhook.id} project={project} webhook={webhook} entry={entry} />)}
    </ul>
  );
}

/** The log of a webhook is of all models; of those that were queued with the move, their bodies tell which one is meant. */
const QUEUED_WITHIN_MS = 60_000;

function OfWebhook({ project, webhook, entry }: { project: string; webhook: Webhook; entry: AuditEntry }) {
  const listed = useQuery(webhookQueries.deliveries(project, webhook.id)).data?.deliveries ?? [];
  const near = listed.filter(({ event, created_ms }) => event === entry.action && Math.abs(created_ms - entry.time_ms) < QUEUED_WITHIN_MS);
  const found = useQueries({
    queries: near.map(({ id }) => webhookQueries.delivery(project, webhook.id, id)),
    combine: (results) => results.flatMap(({ data }) => (data !== undefined && isOfEntry(data, entry) ? [data] : [])),
  });
  return found.map((delivery) => <Line key={delivery.id} project={project} webhook={webhook} delivery={delivery} />);
}

function Line({ project, webhook, delivery }: { project: string; webhook: Webhook; delivery: Delivery }) {
  const standing = standingOf(delivery, useNow());
  const retry = async () => {
    try {
      await api.redeliver(project, webhook.id, delivery.id);
      await client.invalidateQueries({ queryKey: ["webhooks", project, webhook.id] });
    } catch (error) {
      toast({ text: reasonOf(error), isBad: true });
    }
  };
  return (
    <li>
      <bdi>{webhook.name}</bdi>{" "}
      <span className={styles["standing"]} data-tone={standing.tone}>
        {standing.tone === "bad" && <span aria-hidden="true">✕ </span>}
        {standing.tone === "good" && <span aria-hidden="true">✓ </span>}
        {standing.text}
      </span>
      {delivery.error !== null && <span className="muted"> {delivery.error}</span>}{" "}
      {standing.tone === "bad" && <button type="button" data-look="link" aria-label={`Retry: ${webhook.name}`} onClick={() => void retry()}>Retry</button>}
    </li>
  );
}
