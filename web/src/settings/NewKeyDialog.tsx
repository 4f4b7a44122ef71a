/** Makes a key: what it is good for, where, and for how long. Then its secret, once, and the lines that use it. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type NewAccessKey, api, reasonOf } from "../api";
import { CodeBlock } from "../parts/Code";
import { Dialog } from "../parts/Dialog";
import { queries } from "../queries";
import styles from "./Accounts.module.css";
import { SecretDialog } from "./SecretDialog";

type Scope = NonNullable<NewAccessKey["scope"]>;

const SCOPES: readonly (readonly [Scope, string])[] = [
  ["read", "Read: look at runs, and fetch models"],
  ["write", "Write: also log, edit, archive and delete runs"],
  ["promote", "Promote: also move aliases of models, such as production"],
];

const LIVES = [["", "never"], ["30", "in 30 days"], ["90", "in 90 days"], ["date", "on a day…"]] as const;
type Life = (typeof LIVES)[number][0];

const DAY_MS = 86_400_000;

/** `owner` null: one's own. */
export function NewKeyDialog({ owner, onClose }: { owner: string | null; onClose: () => void }) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("write");
  const [projects, setProjects] = useState<readonly string[] | null>(null);
  const [life, setLife] = useState<Life>("");
  const [day, setDay] = useState("");
  const [secret, setSecret] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const make = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setError(null);
    try {
      const made = await api.createKey({ name: name.trim(), scope, projects: projects === null ? null : [...projects], expires_ms: endOf(life, day), owner });
      setSecret(made.secret);
    } catch (failure) {
      setError(reasonOf(failure));
      setIsBusy(false);
    }
  };
  if (secret !== null) {
    return (
      <SecretDialog title={`The key ${name.trim()}`} secret={secret} label="Key" onClose={onClose}>
        <p>On the machine that trains, either in its environment:</p>
        <CodeBlock text={`export TRACKER_API_KEY=${secret}`} label="Line for the environment" />
        <p>or kept in a file that only you can read; it asks for the key:</p>
        <CodeBlock text={`tracker login ${window.location.origin}`} label="Command that keeps the key" />
      </SecretDialog>
    );
  }
  return (
    <Dialog title={owner === null ? "New key" : `New key of ${owner}`} onClose={onClose}>
      <form className={styles["form"]} onSubmit={(event) => void make(event)}>
        <label className={styles["field"]}>
          Name
          <input data-autofocus required maxLength={128} placeholder="laptop" value={name} onChange={(event) => { setName(event.target.value); }} />
        </label>
        <fieldset className={styles["choices"]}>
          <legend>Good for</legend>
          {SCOPES.map(([one, words]) => (
            <label key={one}><input type="radio" name="scope" checked={scope === one} onChange={() => { setScope(one); }} /> <span>{words}</span></label>
          ))}
        </fieldset>
        <Where chosen={projects} onChoose={setProjects} />
        <label className={styles["field"]}>
          Expires
          <select value={life} onChange={(event) => { setLife(LIVES.find(([one]) => one === event.target.value)?.[0] ?? ""); }}>
            {LIVES.map(([one, words]) => <option key={one} value={one}>{words}</option>)}
          </select>
        </label>
        {life === "date" && (
          <label className={styles["field"]}>
            Last day
            <input type="date" required value={day} onChange={(event) => { setDay(event.target.value); }} />
          </label>
        )}
        {error !== null && <p className={styles["error"]} role="alert">{error}</p>}
        <div className={styles["acts"]}>
          <button type="submit" data-look="primary" disabled={isBusy || name.trim() === "" || projects?.length === 0}>Make key</button>
          <button type="button" onClick={onClose}>Cancel</button>
        </div>
      </form>
    </Dialog>
  );
}

function Where({ chosen, onChoose }: { chosen: readonly string[] | null; onChoose: (projects: readonly string[] | null) => void }) {
  const names = useQuery(queries.projects()).data?.projects.map(({ name }) => name) ?? [];
  return (
    <fieldset className={styles["choices"]}>
      <legend>In</legend>
      <label><input type="radio" name="where" checked={chosen === null} onChange={() => { onChoose(null); }} /> all projects, also those to come</label>
      <label><input type="radio" name="where" checked={chosen !== null} onChange={() => { onChoose([]); }} /> some projects</label>
      {chosen !== null && names.map((name) => (
        <label key={name} className={styles["within"]}>
          <input type="checkbox" checked={chosen.includes(name)} onChange={() => { onChoose(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]); }} /> <bdi>{name}</bdi>
        </label>
      ))}
      {chosen !== null && names.length === 0 && <p className="muted">There is no project yet.</p>}
    </fieldset>
  );
}

/** The end of the last day where one lives; null for none. */
function endOf(life: Life, day: string): number | null {
  if (life === "") return null;
  return life === "date" ? new Date(`${day}T23:59:59`).getTime() : Date.now() + Number(life) * DAY_MS;
}
