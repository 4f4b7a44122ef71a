/** `/join#<secret>`: who was invited chooses a name and a password, and is signed in. */

import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useId, useState } from "react";
import { api, reasonOf } from "../api";
import { client } from "../queries";
import styles from "./SignIn.module.css";

const SHORTEST = 10;

export function JoinPage() {
  const navigate = useNavigate();
  const [secret] = useState(() => location.hash.slice(1));
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const errorId = useId();
  const join = async (event: FormEvent) => {
    event.preventDefault();
    if (isBusy) return;
    setIsBusy(true);
    try {
      await api.join({ secret, name: name.trim(), password });
      client.clear(); // whatever was known was known to nobody
      await navigate({ to: "/", replace: true });
    } catch (failure) {
      setError(reasonOf(failure));
      setIsBusy(false);
    }
  };
  const checked = { "aria-invalid": error !== null, "aria-describedby": errorId };
  return (
    <main className={styles["page"]}>
      <title>Join · Tracker</title>
      <form className={styles["form"]} onSubmit={(event) => void join(event)}>
        <h1>Join</h1>
        <p className="muted">You were invited to this server. Choose how you are called here, and a password of your own.</p>
        <label>
          Name
          <input autoFocus name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} required maxLength={128} value={name} {...checked} onChange={(event) => { setName(event.target.value); }} />
        </label>
        <label>
          Password, at least {SHORTEST} characters
          <input type="password" name="password" autoComplete="new-password" required minLength={SHORTEST} value={password} {...checked} onChange={(event) => { setPassword(event.target.value); }} />
        </label>
        <p id={errorId} role="alert" className={styles["error"]}>{error}</p>
        <button type="submit" data-look="primary" aria-disabled={isBusy}>Join</button>
      </form>
    </main>
  );
}
