/** What a webhook was told: each delivery with its whole request, the answer, and a button to send it again. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Delivery, type DeliveryDetail, type Webhook, api, reasonOf } from "../api";
import { useNow } from "../clock";
import { formatMoment } from "../format";
import { toast } from "../frame/Toasts";
import { CodeBlock, CopyButton } from "../parts/Code";
import { Dialog } from "../parts/Dialog";
import { Empty, Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { client } from "../queries";
import styles from "./Webhooks.module.css";
import { readable, standingOf, webhookQueries } from "./webhooks";

type Props = { project: string; webhook: Webhook; first: string | null; onClose: () => void };

export function DeliveriesDialog({ project, webhook, first, onClose }: Props) {
  const newest = useQuery(webhookQueries.deliveries(project, webhook.id));
  const [older, setOlder] = useState<readonly Delivery[]>([]);
  const [olderBefore, setOlderBefore] = useState<number | null>();
  const [chosen, setChosen] = useState(first);
  const before = olderBefore === undefined ? (newest.data?.next_before ?? null) : olderBefore;
  const fetchOlder = async () => {
    try {
      const page = await api.deliveries(project, webhook.id, { before });
      setOlder([...older, ...page.deliveries]);
      setOlderBefore(page.next_before);
    } catch (error) {
      toast({ text: reasonOf(error), isBad: true });
    }
  };
  const known = new Set(older.map(({ id }) => id));
  const shown = [...(newest.data?.deliveries.filter(({ id }) => !known.has(id)) ?? []), ...older];
  const open = chosen ?? shown[0]?.id ?? null;
  return (
    <Dialog title={`Deliveries to ${webhook.name}`} onClose={onClose} width="wide">
      {newest.error !== null && <Failure what="The deliveries could not be fetched." error={newest.error} onRetry={() => void newest.refetch()} />}
      {newest.isPending && <Outline />}
      {newest.data !== undefined && shown.length === 0 && <Empty title="Nothing sent yet"><p>What is sent stands here, with the answer, for 30 days.</p></Empty>}
      {shown.length > 0 && (
        <div className={styles["deliveries"]}>
          <div>
            <ul aria-label="Deliveries">
              {shown.map((delivery) => <Line key={delivery.id} delivery={delivery} isOpen={delivery.id === open} onOpen={() => { setChosen(delivery.id); }} />)}
            </ul>
            {before !== null && <button type="button" onClick={() => void fetchOlder()}>Older deliveries</button>}
          </div>
          {open !== null && <Whole key={open} project={project} webhook={webhook} id={open} />}
        </div>
      )}
    </Dialog>
  );
}

function Line({ delivery, isOpen, onOpen }: { delivery: Delivery; isOpen: boolean; onOpen: () => void }) {
  const standing = standingOf(delivery, useNow());
  return (
    <li>
      <button type="button" data-look="plain" aria-pressed={isOpen} className={styles["line"]} onClick={onOpen}>
        <span>{delivery.event}</span>
        <span className="muted small"><Ago ms={delivery.created_ms} /></span>
        <span className={styles["standing"]} data-tone={standing.tone}>{standing.tone === "bad" && <span aria-hidden="true">✕ </span>}{standing.text}</span>
      </button>
    </li>
  );
}

function Whole({ project, webhook, id }: { project: string; webhook: Webhook; id: string }) {
  const found = useQuery(webhookQueries.delivery(project, webhook.id, id));
  const redeliver = async () => {
    try {
      await api.redeliver(project, webhook.id, id);
      await client.invalidateQueries({ queryKey: ["webhooks", project, webhook.id] });
    } catch (error) {
      toast({ text: reasonOf(error), isBad: true });
    }
  };
  if (found.error !== null) return <Failure what="This delivery could not be fetched." error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Outline />;
  return (
    <section className={styles["whole"]} aria-label="Delivery">
      <Outcome delivery={found.data} />
      <div className={styles["acts"]}>
        <button type="button" onClick={() => void redeliver()}>{found.data.state === "waiting" ? "Send now" : "Redeliver"}</button>
        {/* below it is laid out to be read; the signature is over these bytes */}
        <CopyButton text={found.data.exchange.request_body} label="Copy the body as it was sent" />
      </div>
      <h3>Request</h3>
      <CodeBlock text={requestText(found.data, webhook.url)} label="Request" />
      <h3>Answer</h3>
      {found.data.exchange.answer_headers === null ? <p className="muted">{found.data.error ?? "None yet."}</p> : <CodeBlock text={answerText(found.data)} label="Answer" />}
    </section>
  );
}

function Outcome({ delivery }: { delivery: DeliveryDetail }) {
  const standing = standingOf(delivery, useNow());
  return (
    <dl className={styles["facts"]}>
      <dt>Id</dt>
      <dd className="mono">{delivery.id}</dd>
      <dt>Outcome</dt>
      <dd><span role="status" className={styles["standing"]} data-tone={standing.tone}>{standing.text}</span></dd>
      {delivery.tried_ms !== null && (
        <>
          <dt>Last try</dt>
          <dd>{formatMoment(delivery.tried_ms)}, {delivery.took_ms} ms</dd>
        </>
      )}
    </dl>
  );
}

function requestText({ exchange }: DeliveryDetail, url: string): string {
  const headers = exchange.request_headers.map(([name, value]) => `${name}: ${value}`);
  return [`POST ${exchange.url ?? url}`, ...headers, "", readable(exchange.request_body)].join("\n");
}

function answerText({ status, exchange }: DeliveryDetail): string {
  const headers = (exchange.answer_headers ?? []).map(([name, value]) => `${name}: ${value}`);
  return [String(status), ...headers, "", exchange.answer_body ?? ""].join("\n");
}
