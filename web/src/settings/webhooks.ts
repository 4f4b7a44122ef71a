/** What webhooks are told, and how each of them is, in words. */

import { queryOptions } from "@tanstack/react-query";
import { type AuditEntry, type Delivery, type DeliveryDetail, type NewWebhook, type Webhook, api } from "../api";
import { formatDuration, plural } from "../format";

type EventName = NewWebhook["events"][number];

/** In the order in which they are offered. */
export const EVENTS: readonly { name: EventName; label: string }[] = [
  { name: "alias.moved", label: "An alias is promoted" },
  { name: "alias.rolled_back", label: "An alias is rolled back" },
  { name: "alias.removed", label: "An alias is removed" },
  { name: "proposal.opened", label: "A promotion is proposed" },
  { name: "proposal.commented", label: "A proposal is commented on" },
  { name: "proposal.approved", label: "A proposal is approved" },
  { name: "proposal.rejected", label: "A proposal is rejected" },
  { name: "proposal.withdrawn", label: "A proposal is withdrawn" },
  { name: "version.registered", label: "A version is registered" },
  { name: "version.changed", label: "A version is described, deprecated or archived" },
  { name: "version.verified", label: "A version is verified" },
  { name: "version.deleted", label: "A version is deleted" },
  { name: "model.created", label: "A model is made" },
  { name: "model.changed", label: "A model is changed" },
  { name: "rules.changed", label: "Rules of a model are changed" },
  { name: "run.finished", label: "A run has finished" },
  { name: "run.failed", label: "A run has failed" },
  { name: "run.stopped", label: "A run was stopped" },
];

export type Standing = { tone: "none" | "good" | "bad" | "waits"; text: string };

/** What came of a delivery, or comes next. */
export function standingOf(delivery: Delivery, nowMs: number): Standing {
  const said = delivery.status === null ? "no answer" : String(delivery.status);
  if (delivery.state === "delivered") return { tone: "good", text: said };
  if (delivery.tried_ms === null) return { tone: "waits", text: "waits to be sent" };
  if (delivery.state === "failed") {
    return { tone: "bad", text: delivery.most_attempts === 1 ? said : `${said} · given up after ${plural(delivery.attempts, "try", "tries")}` };
  }
  const leftMs = (delivery.next_try_ms ?? nowMs) - nowMs;
  const next = leftMs > 0 ? `in ${formatDuration(leftMs)}` : "now";
  return { tone: "bad", text: `${said} · try ${String(delivery.attempts + 1)} of ${String(delivery.most_attempts)} ${next}` };
}

/** How a webhook is: by its last delivery. */
export function webhookStanding(webhook: Webhook, nowMs: number): Standing {
  if (!webhook.is_active) return { tone: "none", text: webhook.waiting === 0 ? "Paused" : `Paused · ${plural(webhook.waiting, "delivery", "deliveries")} waiting` };
  if (webhook.last !== null) return standingOf(webhook.last, nowMs);
  return webhook.waiting === 0 ? { tone: "none", text: "Nothing sent yet" } : { tone: "waits", text: "Sending…" };
}

/** The body as a person reads JSON; as it is where it is none. */
export function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** Whether a delivery tells of this entry of the trail: its body says which model, and when. */
export function isOfEntry({ event, exchange }: Pick<DeliveryDetail, "event" | "exchange">, entry: Pick<AuditEntry, "action" | "model" | "time_ms">): boolean {
  if (event !== entry.action) return false;
  try {
    const said = JSON.parse(exchange.request_body) as { time_ms?: unknown; data?: { model?: unknown } };
    return said.time_ms === entry.time_ms && said.data?.model === entry.model;
  } catch {
    return false;
  }
}

const SOON_MS = 1000;

export const webhookQueries = {
  all: (project: string) =>
    queryOptions({
      queryKey: ["webhooks", project],
      queryFn: ({ signal }) => api.webhooks(project, { signal }),
      // while something is under way, what comes of it is waited for; and at any time somebody may promote
      refetchInterval: ({ state }) => state.status !== "error" && (state.data?.webhooks.some(({ waiting, is_active }) => waiting > 0 && is_active) === true ? 2 : 5) * SOON_MS,
    }),
  deliveries: (project: string, id: number) =>
    queryOptions({
      queryKey: ["webhooks", project, id],
      queryFn: ({ signal }) => api.deliveries(project, id, { before: null }, { signal }),
      refetchInterval: ({ state }) => (state.data?.deliveries.some((one) => one.state === "waiting") === true ? SOON_MS : false),
    }),
  delivery: (project: string, id: number, delivery: string) =>
    queryOptions({
      queryKey: ["webhooks", project, id, delivery],
      queryFn: ({ signal }) => api.delivery(project, id, delivery, { signal }),
      refetchInterval: ({ state }) => (state.data?.state === "waiting" ? SOON_MS : false),
    }),
};
