/**
 * Asks who somebody is, at whatever address they are.
 *
 * Where there is no page yet it stands in its place. Where a session has ended it stands over the page, which stays as it
 * was, with what was typed into it.
 */

import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { type Me, api, reasonOf } from "../api";
import { ProviderButton, takeFailure } from "./ProviderButton";
import styles from "./SignIn.module.css";

type Props = { /** Whose page waits below. */ owner?: string | null; onSignedIn: (me: Me) => void };

export function SignIn({ owner = null, onSignedIn }: Props) {
  if (owner !== null) return <Over owner={owner} onSignedIn={onSignedIn} />;
  return (
    <main className={styles["page"]}>
      <title>Sign in · Tracker</title>
      <SignInForm owner={null} onSignedIn={onSignedIn} />
    </main>
  );
}

/** Modal, and above any dialog of the page: nothing below can be reached or read. */
function Over({ owner, onSignedIn }: { owner: string; onSignedIn: (me: Me) => void }) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    // whose name it is, is known
    dialog?.querySelector<HTMLElement>("[name=password]")?.focus();
    return () => { dialog?.close(); };
  }, []);
  return (
    // a browser closes it all the same when Escape is pressed twice
    <dialog ref={ref} className={styles["over"]} aria-label="Sign in" onCancel={(event) => { event.preventDefault(); }} onClose={() => { if (ref.current?.isConnected === true) ref.current.showModal(); }}>
      <div className={styles["page"]}>
        <SignInForm owner={owner} onSignedIn={onSignedIn} />
      </div>
    </dialog>
  );
}

function SignInForm({ owner, onSignedIn }: { owner: string | null; onSignedIn: (me: Me) => void }) {
  const [way, setWay] = useState<"password" | "key">("password");
  const [name, setName] = useState(owner ?? "");
  const [secret, setSecret] = useState("");
  const [error, setError] = useState<string | null>(takeFailure);
  const [isBusy, setIsBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const errorId = useId();
  const isByKey = way === "key";
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isBusy) return;
    setIsBusy(true);
    try {
      onSignedIn(await api.signIn(isByKey ? { key: secret.trim() } : { name: name.trim(), password: secret }));
    } catch (failure) {
      setError(sentence(reasonOf(failure)));
      setIsBusy(false);
      field.current?.select();
    }
  };
  const other = () => {
    setWay(isByKey ? "password" : "key");
    setSecret("");
    setError(null);
  };
  const checked = { "aria-invalid": error !== null, "aria-describedby": errorId };
  const put = (event: { target: { value: string } }) => { setSecret(event.target.value); };
  return (
    <form className={styles["form"]} onSubmit={(event) => void submit(event)}>
      <h1>Sign in</h1>
      {owner !== null && <p className="muted">Your session has ended. Sign in again, and the page goes on where it was.</p>}
      {isByKey ? (
        <label key="key">
          Key
          <input ref={field} autoFocus type="password" name="key" autoComplete="off" spellCheck={false} required value={secret} {...checked} onChange={put} />
        </label>
      ) : (
        <>
          <label>
            Name
            <input autoFocus={owner === null} type="text" name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} required value={name} {...checked} onChange={(event) => { setName(event.target.value); }} />
          </label>
          <label key="password">
            Password
            <input ref={field} type="password" name="password" autoComplete="current-password" required value={secret} {...checked} onChange={put} />
          </label>
        </>
      )}
      <p id={errorId} role="alert" className={styles["error"]}>{error}</p>
      <button type="submit" data-look="primary" disabled={isBusy}>Sign in</button>
      <ProviderButton onFailure={(reason) => { setError(sentence(reason)); }} />
      <button type="button" data-look="link" onClick={other}>{isByKey ? "Sign in with a name and a password" : "Sign in with a key instead"}</button>
      {owner === null && <p className="muted small">The first admin’s password was printed once, when the server first started. Admins make others on the page Settings.</p>}
    </form>
  );
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
