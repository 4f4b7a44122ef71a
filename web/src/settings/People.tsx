/** Everybody on the server: people, who sign in, and service accounts, which have keys alone. For admins. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { type Person, type PersonChanges, api, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import { Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { client, queries } from "../queries";
import styles from "./Accounts.module.css";
import { ConfirmDialog } from "./ConfirmDialog";
import { NewPersonDialog } from "./NewPersonDialog";
import { OnlySignedIn } from "./OnlySignedIn";
import { SecretDialog } from "./SecretDialog";

export function People() {
  return (
    <OnlySignedIn title="People" note="Who can sign in, and the accounts that programs act under." isForAdmins>
      {(me) => <Everybody own={me.name} />}
    </OnlySignedIn>
  );
}

type Open = { kind: "new"; of: Person["kind"] } | { kind: "ask"; about: "deactivate" | "reset"; person: Person } | { kind: "password"; person: string; password: string };

const refresh = () => client.invalidateQueries({ queryKey: queries.people().queryKey });

function Everybody({ own }: { own: string }) {
  const found = useQuery(queries.people());
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => {
    setOpen(null);
    void refresh();
  };
  return (
    <>
      <div className={styles["tools"]}>
        <button type="button" data-look="primary" onClick={() => { setOpen({ kind: "new", of: "person" }); }}>Add person</button>
        <button type="button" onClick={() => { setOpen({ kind: "new", of: "service" }); }}>Add service account</button>
      </div>
      {found.error !== null && <Failure what="The people could not be fetched." error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Outline />}
      {found.data !== undefined && (
        <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Table of people">
          <table className={styles["table"]}>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Is</th>
                <th scope="col">Keys</th>
                <th scope="col">Key last used</th>
                <th scope="col">Added</th>
                <th scope="col"><span className="visually-hidden">Change</span></th>
              </tr>
            </thead>
            <tbody>
              {found.data.people.map((person) => <Row key={person.name} person={person} isOwn={person.name === own} onOpen={setOpen} />)}
            </tbody>
          </table>
        </div>
      )}
      {open?.kind === "new" && <NewPersonDialog kind={open.of} onClose={close} />}
      {open?.kind === "ask" && <Ask about={open.about} person={open.person} onOpen={setOpen} onClose={() => { setOpen((now) => (now === open ? null : now)); }} />}
      {open?.kind === "password" && (
        <SecretDialog title={`New password of ${open.person}`} secret={open.password} label="Password" onClose={close}>
          <p>Give it to <bdi>{open.person}</bdi>, who can change it under Settings, Account.</p>
        </SecretDialog>
      )}
    </>
  );
}

function Row({ person, isOwn, onOpen }: { person: Person; isOwn: boolean; onOpen: (open: Open) => void }) {
  const navigate = useNavigate();
  const { name, kind, is_admin: isAdmin, is_active: isActive } = person;
  const entries: MenuEntry[] = [
    ...(kind === "service"
      ? [{ kind: "do" as const, label: "Keys", onSelect: () => void navigate({ to: "/settings/$part", params: { part: "keys" }, search: { owner: name } }) }]
      : [
          { kind: "do" as const, label: isAdmin ? "Make no admin" : "Make admin", onSelect: () => void change(name, { is_admin: !isAdmin }, isAdmin ? `${name} is no admin any more` : `${name} is an admin now`) },
          { kind: "do" as const, label: "Reset password…", onSelect: () => { onOpen({ kind: "ask", about: "reset", person }); } },
        ]),
    isActive
      ? { kind: "do", label: "Deactivate…", isDangerous: true, onSelect: () => { onOpen({ kind: "ask", about: "deactivate", person }); } }
      : { kind: "do", label: "Activate", onSelect: () => void change(name, { is_active: true }, `${name} can enter again`) },
  ];
  return (
    <tr data-over={!isActive}>
      <th scope="row">
        <bdi>{name}</bdi> {isOwn && <span className="muted">(you)</span>}
        {person.email !== null && <div className="muted small"><bdi>{person.email}</bdi></div>}
      </th>
      <td>{[kind === "service" ? "service account" : isAdmin ? "admin" : "person", ...(isActive ? [] : ["deactivated"])].join(", ")}</td>
      <td>{person.key_count}</td>
      <td className={styles["nowrap"]}>{person.last_used_ms === null ? "never" : <Ago ms={person.last_used_ms} />}</td>
      <td className={styles["nowrap"]}><Ago ms={person.created_ms} /></td>
      <td><Menu label={`More for ${name}`} look="icon" entries={entries}><Icon name="more" size={14} /></Menu></td>
    </tr>
  );
}

/** What can be taken back at once is done at once. */
async function change(name: string, changes: PersonChanges, done: string): Promise<void> {
  try {
    await api.changePerson(name, changes);
    toast({ text: done });
  } catch (error) {
    toast({ text: reasonOf(error), isBad: true });
  }
  await refresh();
}

function Ask({ about, person: { name, kind }, onOpen, onClose }: { about: "deactivate" | "reset"; person: Person; onOpen: (open: Open) => void; onClose: () => void }): ReactNode {
  if (about === "deactivate") {
    return (
      <ConfirmDialog title={`Deactivate ${name}?`} act="Deactivate" onAct={async () => { await api.changePerson(name, { is_active: false }); await refresh(); }} onClose={onClose}>
        <p>{kind === "service" ? "Its keys are refused" : "They are signed out, and their keys are refused"} until somebody activates <bdi>{name}</bdi> again. What they have done stays.</p>
      </ConfirmDialog>
    );
  }
  const reset = async () => {
    const { password } = await api.changePerson(name, { resets_password: true });
    if (password !== null) onOpen({ kind: "password", person: name, password });
  };
  return (
    <ConfirmDialog title={`Reset the password of ${name}?`} act="Reset password" onAct={reset} onClose={onClose}>
      <p>The password until now is refused, and <bdi>{name}</bdi> is signed out everywhere. The new one is shown to you once.</p>
    </ConfirmDialog>
  );
}
