/** Asks for the key of a server that needs one, in place of the page, so that the address stays what it was. */

import { type FormEvent, useId, useState } from "react";
import { api, reasonOf } from "../api";
import { client } from "../queries";
import styles from "./SignIn.module.css";

export function SignIn({ onSignedIn }: { onSignedIn: () => void }) {
  const [key, setKey] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const errorId = useId();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    try {
      await api.signIn(key.trim());
      onSignedIn();
      await client.resetQueries();
    } catch (failure) {
      setError(reasonOf(failure));
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <main className={styles["page"]}>
      <title>Sign in · Tracker</title>
      <form className={styles["form"]} onSubmit={(event) => void submit(event)}>
        <h1>Sign in</h1>
        <p className="muted">This server needs its access key. It was printed once, when the server first started.</p>
        <label>
          Access key
          <input type="password" autoComplete="current-password" autoFocus required value={key} aria-invalid={error !== null} aria-describedby={errorId} onChange={(event) => { setKey(event.target.value); }} />
        </label>
        <p id={errorId} role="alert" className={styles["error"]}>
          {error}
        </p>
        <button type="submit" data-look="primary" disabled={isBusy || key.trim() === ""}>
          Sign in
        </button>
      </form>
    </main>
  );
}
