/** Who did what on this server, to whom or to what, when and why. Entries are only ever added. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Act, actsAddress } from "../api";
import { Empty, Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { useDraft } from "../parts/useDraft";
import { queries } from "../queries";
import styles from "./Accounts.module.css";
import { Section } from "./Section";

const PAUSE_MS = 300;

export function Audit() {
  const me = useQuery(queries.me()).data;
  return (
    <Section title="Audit" note="What was done to people, keys, roles, projects, runs and models.">
      {me === undefined ? <Outline /> : me.is_admin ? <Acts /> : <p>Only an admin of this server sees this, signed in by name and password. You are <strong><bdi>{me.name}</bdi></strong>.</p>}
    </Section>
  );
}

function Acts() {
  const [actor, setActor] = useState("");
  const [action, setAction] = useState("");
  const [project, setProject] = useState("");
  const filter = { actor: orNull(actor), action: orNull(action), project: orNull(project) };
  const found = useInfiniteQuery(queries.acts(filter));
  const acts = found.data?.pages.flatMap((page) => page.acts) ?? [];
  return (
    <>
      <div className={styles["tools"]}>
        <Field label="Who" value={actor} onChange={setActor} />
        <Field label="What" hint="key.revoked, or key" value={action} onChange={setAction} />
        <Field label="Project" value={project} onChange={setProject} />
        <a href={actsAddress({ ...filter, format: "csv" })} download>Export CSV</a>
        <a href={actsAddress({ ...filter, format: "jsonl" })} download>Export JSON lines</a>
      </div>
      {found.error !== null && <Failure what="The acts could not be fetched." error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Outline />}
      {found.data !== undefined && acts.length === 0 && <Empty title="Nothing found"><p>Nothing was done yet, or nothing that matches what stands above.</p></Empty>}
      {acts.length > 0 && (
        <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Table of acts">
          <table className={styles["table"]}>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">What</th>
                <th scope="col">To</th>
                <th scope="col">Project</th>
                <th scope="col">Why, and how</th>
              </tr>
            </thead>
            <tbody>
              {acts.map((one) => <Row key={`${one.area} ${String(one.id)}`} act={one} />)}
            </tbody>
          </table>
        </div>
      )}
      {found.hasNextPage && <button type="button" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>Load more</button>}
    </>
  );
}

const orNull = (text: string) => (text.trim() === "" ? null : text.trim());

function Field({ label, hint, value, onChange }: { label: string; hint?: string; value: string; onChange: (value: string) => void }) {
  const [draft, setDraft] = useDraft(value, onChange, PAUSE_MS);
  return (
    <label>
      {label}
      <input type="search" placeholder={hint} value={draft} onChange={(event) => { setDraft(event.target.value); }} />
    </label>
  );
}

function Row({ act: { time_ms, actor, action, subject, project, reason, details } }: { act: Act }) {
  return (
    <tr>
      <td className={styles["nowrap"]}><Ago ms={time_ms} /></td>
      <td><bdi>{actor}</bdi></td>
      <td><code>{action}</code></td>
      <td className={styles["details"]}><bdi>{subject}</bdi></td>
      <td><bdi>{project}</bdi></td>
      <td className={styles["details"]}>
        {reason !== "" && <bdi>{reason}</bdi>} <span className="muted small"><bdi>{detailsText(details)}</bdi></span>
      </td>
    </tr>
  );
}

const detailsText = (details: Act["details"]) =>
  Object.entries(details)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name.replaceAll("_", " ")}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
