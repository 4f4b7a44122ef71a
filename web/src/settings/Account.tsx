/** Who one is to the server, and one's password. */

import { type FormEvent, useState } from "react";
import { type Me, api, reasonOf } from "../api";
import { signOut } from "../frame/signOut";
import { toast } from "../frame/Toasts";
import styles from "./Accounts.module.css";
import { OnlySignedIn } from "./OnlySignedIn";
import { Section } from "./Section";

export function Account() {
  return (
    <OnlySignedIn title="Account" note="Who you are to this server.">
      {(me) => (
        <>
          <p>
            This browser is signed in as <strong><bdi>{me.name}</bdi></strong>{me.is_admin && ", an admin of this server"}. A cookie that scripts cannot read stands for you.
          </p>
          <button type="button" onClick={() => void signOut()}>Sign out</button>
          {me.has_password && <Password me={me} />}
        </>
      )}
    </OnlySignedIn>
  );
}

const NOTHING = { old: "", password: "" };

function Password({ me }: { me: Me }) {
  const [draft, setDraft] = useState(NOTHING);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const change = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setError(null);
    try {
      await api.changePassword(draft);
      setDraft(NOTHING);
      toast({ text: "Your password is changed; every other browser of yours is signed out" });
    } catch (failure) {
      setError(reasonOf(failure));
    }
    setIsBusy(false);
  };
  return (
    <Section title="Password">
      <form className={styles["form"]} onSubmit={(event) => void change(event)}>
        <input type="text" name="username" autoComplete="username" value={me.name} readOnly hidden />
        <label className={styles["field"]}>
          Password until now
          <input type="password" autoComplete="current-password" required value={draft.old} onChange={(event) => { setDraft({ ...draft, old: event.target.value }); }} />
        </label>
        <label className={styles["field"]}>
          New password
          <input type="password" autoComplete="new-password" required value={draft.password} onChange={(event) => { setDraft({ ...draft, password: event.target.value }); }} />
        </label>
        {error !== null && <p className={styles["error"]} role="alert">{error}</p>}
        <div className={styles["acts"]}>
          <button type="submit" data-look="primary" disabled={isBusy}>Change password</button>
        </div>
      </form>
    </Section>
  );
}
