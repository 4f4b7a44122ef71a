/** Invitations: links by which people make their own accounts. For who administers the server. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Invitation, type Role, api, reasonOf } from "../api";
import { CodeBlock } from "../parts/Code";
import { Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { client, queries } from "../queries";
import { ROLES } from "../rights";
import { Section } from "./Section";
import styles from "../parts/Links.module.css";

const LASTING = [
  { days: 1, label: "1 day" },
  { days: 7, label: "1 week" },
  { days: 30, label: "30 days" },
];
const USUAL_DAYS = 7;

const refetch = () => client.invalidateQueries({ queryKey: queries.invitations().queryKey });

export function Invitations() {
  const me = useQuery(queries.me()).data;
  if (me === undefined) return null;
  if (!me.is_admin || !me.needs_key) {
    const why = me.needs_key ? "Only an admin of this server invites people to it." : "This server asks nobody to sign in, so there is nothing to invite to.";
    return <Section title="Invitations"><p>{why}</p></Section>;
  }
  return <Offered />;
}

function Offered() {
  const invitations = useQuery(queries.invitations());
  const [made, setMade] = useState<string | null>(null);
  return (
    <Section title="Invitations" note="Whoever opens the link chooses a name and a password and is in; it is good once.">
      <Invite onMade={(address) => { setMade(address); void refetch(); }} />
      {made !== null && (
        <div className={styles["made"]} role="status">
          <CodeBlock text={made} label="Invitation link" />
          <p className="muted">Copy it now: it is shown this once.</p>
        </div>
      )}
      {invitations.isPending && <Outline />}
      {invitations.error !== null && <Failure what="The invitations could not be fetched." error={invitations.error} onRetry={() => void invitations.refetch()} />}
      {invitations.data !== undefined && invitations.data.invitations.length > 0 && <List invitations={invitations.data.invitations} />}
    </Section>
  );
}

function Invite({ onMade }: { onMade: (address: string) => void }) {
  const projects = useQuery(queries.projects()).data?.projects ?? [];
  const [days, setDays] = useState(USUAL_DAYS);
  const [note, setNote] = useState("");
  const [project, setProject] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [error, setError] = useState<string | null>(null);
  const invite = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      const { secret } = await api.invite({ days, note: note.trim(), roles: project === "" ? {} : { [project]: role } });
      setNote("");
      onMade(new URL(`/join#${secret}`, location.href).href);
    } catch (failure) {
      setError(reasonOf(failure));
    }
  };
  return (
    <form className={styles["form"]} onSubmit={(event) => void invite(event)}>
      <label className={styles["note"]}>
        Whom it is for
        <input value={note} maxLength={254} placeholder="a name or an e-mail address" onChange={(event) => { setNote(event.target.value); }} />
      </label>
      <label>
        Project
        <select value={project} onChange={(event) => { setProject(event.target.value); }}>
          <option value="">none yet</option>
          {projects.map(({ name }) => <option key={name} value={name}>{name}</option>)}
        </select>
      </label>
      {project !== "" && (
        <label>
          Role
          <select value={role} onChange={(event) => { setRole(ROLES.find((one) => one === event.target.value) ?? "viewer"); }}>
            {ROLES.map((one) => <option key={one} value={one}>{one}</option>)}
          </select>
        </label>
      )}
      <label>
        Good for
        <select value={days} onChange={(event) => { setDays(Number(event.target.value)); }}>
          {LASTING.map((one) => <option key={one.days} value={one.days}>{one.label}</option>)}
        </select>
      </label>
      <button type="submit" data-look="primary">Invite</button>
      {error !== null && <p role="alert" className={styles["bad"]}>{error}</p>}
    </form>
  );
}

function List({ invitations }: { invitations: readonly Invitation[] }) {
  const [error, setError] = useState<string | null>(null);
  const [now] = useState(() => Date.now());
  const revoke = async (id: number) => {
    setError(null);
    try {
      await api.revokeInvitation(id);
    } catch (failure) {
      setError(reasonOf(failure));
    }
    void refetch();
  };
  return (
    <>
      {error !== null && <p role="alert" className={styles["bad"]}>{error}</p>}
      <ul className={styles["list"]} aria-label="Invitations">
        {invitations.map((one) => (
          <li key={one.id}>
            <div className={styles["what"]}>
              <strong><bdi>{nameOf(one)}</bdi></strong>
              {Object.entries(one.roles).map(([project, role]) => <span key={project} className="muted"> · {role} of <bdi>{project}</bdi></span>)}
              <p className="muted">made <Ago ms={one.created_ms} /> by <bdi>{one.created_by}</bdi></p>
            </div>
            <span className="muted">{stateOf(one, now)}</span>
            {isOpen(one, now) && <button type="button" aria-label={`Revoke ${nameOf(one)}`} onClick={() => void revoke(one.id)}>Revoke</button>}
          </li>
        ))}
      </ul>
    </>
  );
}

const nameOf = (one: Invitation) => (one.note === "" ? `Invitation ${String(one.id)}` : one.note);

const isOpen = (one: Invitation, now: number) => one.used_ms === null && one.revoked_ms === null && one.expires_ms > now;

function stateOf(one: Invitation, now: number): string {
  if (one.used_by !== null) return `${one.used_by} joined`;
  if (one.revoked_ms !== null) return "revoked";
  if (one.expires_ms <= now) return "expired";
  return `until ${new Date(one.expires_ms).toLocaleDateString(undefined, { dateStyle: "medium" })}`;
}
