/** Links that show a project or one run to whoever has them: making one, and who made which until when. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type SharedLink, api, reasonOf } from "../api";
import { CodeBlock } from "../parts/Code";
import { Dialog } from "../parts/Dialog";
import { Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { client, queries } from "../queries";
import shared from "../parts/Links.module.css";
import styles from "./LinksDialog.module.css";
import type { Linked } from "./sharing";

const LASTING = [
  { days: 1, label: "1 day" },
  { days: 7, label: "1 week" },
  { days: 30, label: "30 days" },
  { days: 90, label: "90 days" },
  { days: 365, label: "1 year" },
];
const USUAL_DAYS = 30;

export function LinksDialog({ linked, onClose }: { linked: Linked; onClose: () => void }) {
  const { project } = linked;
  const links = useQuery(queries.links(project));
  const [made, setMade] = useState<string | null>(null);
  const refetch = () => client.invalidateQueries({ queryKey: queries.links(project).queryKey });
  return (
    <Dialog title="Read-only links" onClose={onClose} width="wide">
      <p className={styles["first"]}>
        Whoever has such a link can look, without an account, and change nothing. It ends by itself, and at once when it is revoked.
      </p>
      <NewLink linked={linked} onMade={(address) => { setMade(address); void refetch(); }} />
      {made !== null && (
        <section className={styles["made"]} aria-label="The new link" role="status">
          <CodeBlock text={made} label="Read-only link" />
          <p className="muted">Copy it now: it is shown this once.</p>
        </section>
      )}
      <h3>Links of {project}</h3>
      {links.isPending && <Outline />}
      {links.error !== null && <Failure what="The links could not be fetched." error={links.error} onRetry={() => void links.refetch()} />}
      {links.data?.links.length === 0 && <p className="muted">There are none yet.</p>}
      {links.data !== undefined && links.data.links.length > 0 && <LinkList project={project} links={links.data.links} onRevoked={() => void refetch()} />}
    </Dialog>
  );
}

function NewLink({ linked: { project, run }, onMade }: { linked: Linked; onMade: (address: string) => void }) {
  const [isOfRun, setIsOfRun] = useState(run !== null);
  const [days, setDays] = useState(USUAL_DAYS);
  const [note, setNote] = useState("");
  const [error, setError] = useState<string | null>(null);
  const make = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      const { secret } = await api.createLink(project, { days, note: note.trim(), run_id: isOfRun && run !== null ? run.id : null });
      setNote("");
      onMade(new URL(`/share#${secret}`, location.href).href);
    } catch (failure) {
      setError(reasonOf(failure));
    }
  };
  return (
    <form className={shared["form"]} onSubmit={(event) => void make(event)}>
      {run !== null && (
        <label>
          Shows
          <select value={isOfRun ? "run" : "project"} onChange={(event) => { setIsOfRun(event.target.value === "run"); }}>
            <option value="run">the run {run.name} alone</option>
            <option value="project">all of {project}</option>
          </select>
        </label>
      )}
      <label>
        Good for
        <select value={days} onChange={(event) => { setDays(Number(event.target.value)); }}>
          {LASTING.map((one) => (
            <option key={one.days} value={one.days}>{one.label}</option>
          ))}
        </select>
      </label>
      <label className={shared["note"]}>
        Note
        <input value={note} maxLength={200} placeholder="whom it is for" onChange={(event) => { setNote(event.target.value); }} />
      </label>
      <button type="submit" data-look="primary">Make a link</button>
      {error !== null && <p role="alert" className={shared["bad"]}>{error}</p>}
    </form>
  );
}

function LinkList({ project, links, onRevoked }: { project: string; links: readonly SharedLink[]; onRevoked: () => void }) {
  const [error, setError] = useState<string | null>(null);
  const [now] = useState(() => Date.now());
  const revoke = async (link: SharedLink) => {
    setError(null);
    try {
      await api.revokeLink(project, link.id);
    } catch (failure) {
      setError(reasonOf(failure));
    }
    onRevoked();
  };
  return (
    <>
      {error !== null && <p role="alert" className={shared["bad"]}>{error}</p>}
      <ul className={shared["list"]}>
        {links.map((link) => (
          <li key={link.id}>
            <div className={shared["what"]}>
              <strong><bdi>{link.run_id === null ? "The whole project" : `Run ${link.run_name ?? link.run_id}`}</bdi></strong>
              {link.note !== "" && <> · <bdi>{link.note}</bdi></>}
              <p className="muted">
                made <Ago ms={link.created_ms} /> by <bdi>{link.created_by}</bdi>,{" "}
                {link.last_used_ms === null ? "not used yet" : <>last used <Ago ms={link.last_used_ms} /></>}
              </p>
            </div>
            <Ending link={link} now={now} />
            {isGood(link, now) && (
              <button type="button" aria-label={`Revoke ${link.note === "" ? `link ${String(link.id)}` : link.note}`} onClick={() => void revoke(link)}>Revoke</button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

const isGood = (link: SharedLink, now: number) => link.revoked_ms === null && link.expires_ms > now;

function Ending({ link, now }: { link: SharedLink; now: number }) {
  const day = new Date(link.expires_ms).toLocaleDateString(undefined, { dateStyle: "medium" });
  const words = link.revoked_ms !== null ? "revoked" : link.expires_ms <= now ? "expired" : `until ${day}`;
  return <span className={styles["ending"]}>{words}</span>;
}
