/** The webhooks of a project: who is told what, whether it arrives, and all that can be done about it. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useId, useState } from "react";
import { type Webhook, api, reasonOf } from "../api";
import { useNow } from "../clock";
import { toast } from "../frame/Toasts";
import { Empty, Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { client, queries } from "../queries";
import { DeleteWebhookDialog } from "./DeleteWebhookDialog";
import { DeliveriesDialog } from "./DeliveriesDialog";
import { Section } from "./Section";
import { WebhookDialog } from "./WebhookDialog";
import styles from "./Webhooks.module.css";
import { webhookQueries, webhookStanding } from "./webhooks";

export function Webhooks() {
  const chosen = useSearch({ strict: false })["project"];
  const projects = useQuery(queries.projects());
  const names = projects.data?.projects.map(({ name }) => name) ?? [];
  const project = chosen ?? names[0];
  return (
    <Section title="Webhooks" note="An address of yours is told, with a signature, when something happens in a project.">
      {projects.error !== null && <Failure what="The projects could not be fetched." error={projects.error} onRetry={() => void projects.refetch()} />}
      {projects.isPending && <Outline />}
      {projects.data !== undefined && project === undefined && <Empty title="No project yet"><p>Webhooks are a project’s; the first run makes one.</p></Empty>}
      {project !== undefined && <OfProject key={project} project={project} names={names.includes(project) ? names : [project, ...names]} />}
    </Section>
  );
}

type Open = { kind: "new" } | { kind: "edit" | "delete"; webhook: Webhook } | { kind: "deliveries"; webhook: Webhook; delivery: string | null };

function OfProject({ project, names }: { project: string; names: readonly string[] }) {
  const navigate = useNavigate();
  const found = useQuery(webhookQueries.all(project));
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => {
    setOpen(null);
    void client.invalidateQueries({ queryKey: ["webhooks", project] });
  };
  return (
    <>
      <div className={styles["tools"]}>
        <label>
          Project{" "}
          <select value={project} onChange={(event) => void navigate({ to: "/settings/$part", params: { part: "webhooks" }, search: { project: event.target.value } })}>
            {names.map((name) => (
              <option key={name} value={name}>{name}</option>
            ))}
          </select>
        </label>
        <button type="button" onClick={() => { setOpen({ kind: "new" }); }}>New webhook</button>
      </div>
      {found.error !== null && <Failure what="The webhooks could not be fetched." error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Outline />}
      {found.data?.webhooks.length === 0 && <Empty title="No webhooks"><p>Have a deployment, a chat or a pager be told when an alias is promoted or a run fails.</p></Empty>}
      {found.data !== undefined && found.data.webhooks.length > 0 && (
        <ul className={styles["list"]} aria-label="Webhooks">
          {found.data.webhooks.map((webhook) => <Item key={webhook.id} project={project} webhook={webhook} onOpen={setOpen} />)}
        </ul>
      )}
      {open?.kind === "new" && <WebhookDialog project={project} webhook={null} onClose={close} />}
      {open?.kind === "edit" && <WebhookDialog project={project} webhook={open.webhook} onClose={close} />}
      {open?.kind === "delete" && <DeleteWebhookDialog project={project} webhook={open.webhook} onClose={close} />}
      {open?.kind === "deliveries" && <DeliveriesDialog project={project} webhook={open.webhook} first={open.delivery} onClose={close} />}
    </>
  );
}

function Item({ project, webhook, onOpen }: { project: string; webhook: Webhook; onOpen: (open: Open) => void }) {
  const id = useId();
  const standing = webhookStanding(webhook, useNow());
  const attempt = async (what: () => Promise<void>) => {
    try {
      await what();
    } catch (error) {
      toast({ text: reasonOf(error), isBad: true });
    }
  };
  const sendTest = () => attempt(async () => {
    const sent = await api.testWebhook(project, webhook.id);
    onOpen({ kind: "deliveries", webhook, delivery: sent.id });
  });
  const turn = () => attempt(async () => {
    await api.changeWebhook(project, webhook.id, { is_active: !webhook.is_active });
    await client.invalidateQueries({ queryKey: ["webhooks", project] });
  });
  const act = (label: string, run: () => void): ReactNode => <button type="button" aria-label={`${label}: ${webhook.name}`} onClick={run}>{label}</button>;
  return (
    <li className={styles["item"]} aria-labelledby={id}>
      <div className={styles["head"]}>
        <h3 id={id}><bdi>{webhook.name}</bdi></h3>
        <span className={styles["standing"]} data-tone={standing.tone}>
          {standing.tone === "bad" && <span aria-hidden="true">✕ </span>}
          {standing.text}
          {webhook.is_active && webhook.last?.tried_ms != null && <> · <Ago ms={webhook.last.tried_ms} /></>}
        </span>
      </div>
      <p className={styles["address"]}>{webhook.url}</p>
      <p className="muted small">{webhook.events.join(" · ")}</p>
      {webhook.is_active && webhook.last?.error != null && <p className={styles["error"]}>{webhook.last.error}</p>}
      <div className={styles["acts"]}>
        {act("Send test", () => void sendTest())}
        {act("Deliveries", () => { onOpen({ kind: "deliveries", webhook, delivery: null }); })}
        {act("Edit", () => { onOpen({ kind: "edit", webhook }); })}
        {act(webhook.is_active ? "Pause" : "Resume", () => void turn())}
        {act("Delete", () => { onOpen({ kind: "delete", webhook }); })}
      </div>
    </li>
  );
}
