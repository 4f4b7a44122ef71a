/** One's own keys, or those of a service account: which there are, what they are good for, and the end of each. */

import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { type AccessKey, api } from "../api";
import { useNow } from "../clock";
import { plural } from "../format";
import { Empty, Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { client, queries } from "../queries";
import styles from "./Accounts.module.css";
import { ConfirmDialog } from "./ConfirmDialog";
import { NewKeyDialog } from "./NewKeyDialog";
import { OnlySignedIn } from "./OnlySignedIn";

export function Keys() {
  const owner = useSearch({ strict: false })["owner"];
  return (
    <OnlySignedIn title={owner === undefined ? "Keys" : `Keys of ${owner}`} note="A program shows a key to act for whoever it belongs to. It never gives more than they may do themselves.">
      {() => <List key={owner} owner={owner ?? null} />}
    </OnlySignedIn>
  );
}

function List({ owner }: { owner: string | null }) {
  const found = useQuery(queries.accessKeys(owner));
  const [isMaking, setIsMaking] = useState(false);
  const [revoked, setRevoked] = useState<AccessKey | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ["access keys"] });
  const keys = found.data?.keys ?? [];
  return (
    <>
      <div className={styles["tools"]}>
        <button type="button" data-look="primary" onClick={() => { setIsMaking(true); }}>New key</button>
        {owner !== null && <Link to="/settings/$part" params={{ part: "keys" }}>My own keys</Link>}
      </div>
      {found.error !== null && <Failure what="The keys could not be fetched." error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Outline />}
      {found.data !== undefined && keys.length === 0 && <Empty title="No keys yet"><p>Make one for each machine that trains, so that each can be revoked by itself.</p></Empty>}
      {keys.length > 0 && (
        <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Table of keys">
          <table className={styles["table"]}>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Good for</th>
                <th scope="col">Begins</th>
                <th scope="col">Made</th>
                <th scope="col">Last used</th>
                <th scope="col">Expires</th>
                <th scope="col"><span className="visually-hidden">Revoke</span></th>
              </tr>
            </thead>
            <tbody>
              {keys.map((key) => <Row key={key.id} of={key} onRevoke={() => { setRevoked(key); }} />)}
            </tbody>
          </table>
        </div>
      )}
      {isMaking && (
        <NewKeyDialog
          owner={owner}
          onClose={() => {
            setIsMaking(false);
            void refresh();
          }}
        />
      )}
      {revoked !== null && (
        <ConfirmDialog
          title={`Revoke ${revoked.name}?`}
          act="Revoke key"
          onAct={async () => {
            await api.revokeKey(revoked.id);
            await refresh();
          }}
          onClose={() => { setRevoked(null); }}
        >
          <p>Whatever shows the key that begins with <code>{revoked.prefix}</code> is refused from now on. What it has done stays. This cannot be undone.</p>
        </ConfirmDialog>
      )}
    </>
  );
}

function Row({ of: key, onRevoke }: { of: AccessKey; onRevoke: () => void }) {
  const now = useNow();
  const isExpired = key.expires_ms !== null && key.expires_ms <= now;
  return (
    <tr data-over={key.revoked_ms !== null || isExpired}>
      <th scope="row"><bdi>{key.name}</bdi></th>
      <td>{scopeWord(key)} {key.projects === null ? "all projects" : <span title={key.projects.join(", ")}>{key.projects.length === 1 ? <bdi>{key.projects[0]}</bdi> : plural(key.projects.length, "project")}</span>}</td>
      <td className="mono">{key.prefix}…</td>
      <td className={styles["nowrap"]}><Ago ms={key.created_ms} /></td>
      <td className={styles["nowrap"]}>{key.last_used_ms === null ? "never" : <Ago ms={key.last_used_ms} />}</td>
      <td className={styles["nowrap"]}>{key.expires_ms === null ? "never" : isExpired ? "expired" : <Day ms={key.expires_ms} />}</td>
      <td className={styles["nowrap"]}>
        {key.revoked_ms === null ? <button type="button" aria-label={`Revoke ${key.name}`} onClick={onRevoke}>Revoke</button> : <>revoked <Ago ms={key.revoked_ms} /></>}
      </td>
    </tr>
  );
}

const scopeWord = ({ scope }: AccessKey) => ({ read: "reading", write: "writing", promote: "promoting" })[scope];

/** One day as one calls it, whatever the hour. */
function Day({ ms }: { ms: number }) {
  const day = new Date(ms);
  return <time dateTime={day.toISOString()} title={day.toLocaleString()}>{day.toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" })}</time>;
}
