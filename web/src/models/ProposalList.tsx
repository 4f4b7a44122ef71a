/** Proposals as lines: what is asked for, by whom, how it stands. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Proposal } from "../api";
import { plural } from "../format";
import { Ago } from "../parts/Time";
import { queries } from "../queries";
import { useWaiting } from "./waiting";
import styles from "./ModelsPage.module.css";

/** The proposals of a model: those that are open, and the others folded. */
export function Proposals({ model }: { model: string }) {
  const proposals = useQuery(queries.proposals(model)).data?.proposals ?? [];
  if (proposals.length === 0) return null;
  const open = proposals.filter(({ state }) => state === "open");
  const closed = proposals.filter(({ state }) => state !== "open");
  return (
    <section className={styles["part"]} aria-label="Proposals">
      <h2>Proposals</h2>
      {open.length === 0 ? <p className="muted">None is open.</p> : <Lines proposals={open} label="Open proposals" />}
      {closed.length > 0 && (
        <details>
          <summary>{plural(closed.length, "closed proposal")}</summary>
          <Lines proposals={closed} label="Closed proposals" />
        </details>
      )}
    </section>
  );
}

/** What waits for who looks at it, of all models; nothing where nothing does. */
export function WaitingForYou() {
  const proposals = useWaiting();
  if (proposals.length === 0) return null;
  return (
    <section className={styles["part"]} aria-label="Waiting for you">
      <h2>Waiting for you</h2>
      <Lines proposals={proposals} label="Proposals that wait for you" isAcrossModels />
    </section>
  );
}

function Lines({ proposals, label, isAcrossModels = false }: { proposals: readonly Proposal[]; label: string; isAcrossModels?: boolean }) {
  return (
    <ul aria-label={label}>
      {proposals.map(({ model, number, version, alias, state, created_by, created_ms, approvals, needed, reason }) => (
        <li key={`${model} ${String(number)}`} className={styles["entry"]}>
          <Ago ms={created_ms} />
          <Link to="/models/$name/proposals/$number" params={{ name: model, number: String(number) }}>
            {isAcrossModels && <bdi>{model} </bdi>}v{version} to {alias}
          </Link>
          <span className="muted">{state === "open" && needed > 0 ? `open, ${String(approvals)} of ${String(needed)} approvals` : state} · <bdi>{created_by}</bdi></span>
          <span className={styles["reason"]}>{reason}</span>
        </li>
      ))}
    </ul>
  );
}
