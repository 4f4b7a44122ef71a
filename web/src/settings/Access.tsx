/** Who may do what in a project: those with a role of their own, and everybody else who is signed in. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { type Member, type Members, type Role, api, reasonOf } from "../api";
import { Button } from "../parts/Button";
import { Empty, Failure, Outline } from "../parts/Note";
import { client, queries } from "../queries";
import { ROLES, useRights } from "../rights";
import styles from "./Accounts.module.css";
import { OnlySignedIn } from "./OnlySignedIn";

const MEANINGS: Record<Role, string> = {
  viewer: "sees everything",
  editor: "also logs, edits, archives and deletes",
  promoter: "also promotes models",
  admin: "also decides who may do what, and deletes for good",
};

export function Access() {
  return (
    <OnlySignedIn title="Project access" note="Who sees a project, and what they may do in it. Admins of the server may do everything everywhere.">
      {() => <Chosen />}
    </OnlySignedIn>
  );
}

function Chosen() {
  const chosen = useSearch({ strict: false })["project"];
  const navigate = useNavigate();
  const projects = useQuery(queries.projects());
  const names = projects.data?.projects.map(({ name }) => name) ?? [];
  const project = chosen ?? names[0];
  if (projects.error !== null) return <Failure what="The projects could not be fetched." error={projects.error} onRetry={() => void projects.refetch()} />;
  if (projects.data === undefined) return <Outline />;
  if (project === undefined) return <Empty title="No project yet"><p>The first run makes one, and whoever makes it is its admin.</p></Empty>;
  return (
    <>
      <div className={styles["tools"]}>
        <label>
          Project
          <select value={project} onChange={(event) => void navigate({ to: "/settings/$part", params: { part: "access" }, search: { project: event.target.value } })}>
            {(names.includes(project) ? names : [project, ...names]).map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
      </div>
      <OfProject key={project} project={project} />
    </>
  );
}

function OfProject({ project }: { project: string }) {
  const found = useQuery(queries.members(project));
  const reason = useRights(project)("admin");
  const [error, setError] = useState<string | null>(null);
  /** Whether the server took it. */
  const change = async (ask: () => Promise<Members>): Promise<boolean> => {
    setError(null);
    try {
      client.setQueryData(queries.members(project).queryKey, await ask());
      void client.invalidateQueries({ queryKey: queries.roles().queryKey });
      return true;
    } catch (failure) {
      setError(reasonOf(failure));
      return false;
    }
  };
  if (found.error !== null && found.data === undefined) return <Failure what="Who has access could not be fetched." error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Outline />;
  const { members, everyone } = found.data;
  return (
    <>
      {reason !== undefined && <p className="muted">{reason}</p>}
      <label className={styles["field"]}>
        Everyone who is signed in
        <select value={everyone ?? ""} disabled={reason !== undefined} onChange={(event) => void change(() => api.openProject(project, roleOf(event.target.value)))}>
          <option value="">no access</option>
          {ROLES.filter((role) => role !== "admin" || everyone === "admin").map((role) => <option key={role} value={role}>{role}: {MEANINGS[role]}</option>)}
        </select>
      </label>
      {error !== null && <p className={styles["error"]} role="alert">{error}</p>}
      {members.length === 0 ? (
        <p className="muted">Nobody has a role of their own in this project.</p>
      ) : (
        <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Table of members">
          <table className={styles["table"]}>
            <thead>
              <tr><th scope="col">Name</th><th scope="col">Role</th><th scope="col"><span className="visually-hidden">Remove</span></th></tr>
            </thead>
            <tbody>
              {members.map((member) => (
                <Row
                  key={member.name}
                  member={member}
                  reason={reason}
                  onRole={(role) => void change(() => api.giveRole(project, member.name, role))}
                  onRemove={() => void change(() => api.takeRole(project, member.name))}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {reason === undefined && <Add project={project} taken={members} onAdd={(name, role) => change(() => api.giveRole(project, name, role))} />}
    </>
  );
}

const roleOf = (text: string): Role | null => ROLES.find((role) => role === text) ?? null;

type RowProps = { member: Member; reason: string | undefined; onRole: (role: Role) => void; onRemove: () => void };

function Row({ member: { name, kind, role, is_active: isActive }, reason, onRole, onRemove }: RowProps) {
  return (
    <tr data-over={!isActive}>
      <th scope="row"><bdi>{name}</bdi> <span className="muted">{[...(kind === "service" ? ["service account"] : []), ...(isActive ? [] : ["deactivated"])].join(", ")}</span></th>
      <td><RoleField label={`Role of ${name}`} role={role} isOff={reason !== undefined} onRole={onRole} /></td>
      <td><Button reason={reason} aria-label={`Remove ${name}`} onClick={onRemove}>Remove</Button></td>
    </tr>
  );
}

function RoleField({ label, role, isOff = false, onRole }: { label: string; role: Role; isOff?: boolean; onRole: (role: Role) => void }) {
  return (
    <select aria-label={label} value={role} disabled={isOff} title={MEANINGS[role]} onChange={(event) => { onRole(roleOf(event.target.value) ?? role); }}>
      {ROLES.map((one) => <option key={one} value={one}>{one}</option>)}
    </select>
  );
}

function Add({ project, taken, onAdd }: { project: string; taken: readonly Member[]; onAdd: (name: string, role: Role) => Promise<boolean> }) {
  const people = useQuery(queries.candidates(project)).data?.people ?? [];
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await onAdd(name.trim(), role)) setName("");
  };
  return (
    <form className={styles["tools"]} aria-label="Add a member" onSubmit={(event) => void submit(event)}>
      <label>
        Name
        <input list="candidates" autoComplete="off" required value={name} onChange={(event) => { setName(event.target.value); }} />
      </label>
      <datalist id="candidates">
        {people.filter((one) => !taken.some((member) => member.name === one.name)).map((one) => <option key={one.name} value={one.name} />)}
      </datalist>
      <RoleField label="Role" role={role} onRole={setRole} />
      <button type="submit" data-look="primary" disabled={name.trim() === ""}>Add</button>
      <p className="muted small">{role}: {MEANINGS[role]}.</p>
    </form>
  );
}
