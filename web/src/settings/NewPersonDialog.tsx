/** Makes a person, whose first password is shown once, or a service account, which has keys alone. */

import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { type Person, api, reasonOf } from "../api";
import { Dialog } from "../parts/Dialog";
import styles from "./Accounts.module.css";
import { SecretDialog } from "./SecretDialog";

export function NewPersonDialog({ kind, onClose }: { kind: Person["kind"]; onClose: () => void }) {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [isAdmin, setIsAdmin] = useState(false);
  const [password, setPassword] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const isService = kind === "service";
  const add = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setError(null);
    try {
      const made = await api.createPerson({ name: name.trim(), kind, email: email.trim() === "" ? null : email.trim(), is_admin: isAdmin });
      if (made.password !== null) {
        setPassword(made.password);
        return;
      }
      onClose();
      await navigate({ to: "/settings/$part", params: { part: "keys" }, search: { owner: made.person.name } });
    } catch (failure) {
      setError(reasonOf(failure));
      setIsBusy(false);
    }
  };
  if (password !== null) {
    return (
      <SecretDialog title={`The password of ${name.trim()}`} secret={password} label="Password" onClose={onClose}>
        <p>Give it to <bdi>{name.trim()}</bdi>, who can change it under Settings, Account. Which projects they see is decided under Project access.</p>
      </SecretDialog>
    );
  }
  return (
    <Dialog title={isService ? "Add service account" : "Add person"} onClose={onClose}>
      <form className={styles["form"]} onSubmit={(event) => void add(event)}>
        <label className={styles["field"]}>
          Name
          <input data-autofocus required maxLength={128} autoComplete="off" placeholder={isService ? "ci" : "ada"} value={name} onChange={(event) => { setName(event.target.value); }} />
        </label>
        {!isService && (
          <>
            <label className={styles["field"]}>
              Mail address (optional)
              <input type="email" maxLength={254} autoComplete="off" value={email} onChange={(event) => { setEmail(event.target.value); }} />
            </label>
            <label>
              <input type="checkbox" checked={isAdmin} onChange={(event) => { setIsAdmin(event.target.checked); }} /> Admin of this server: sees every project, and decides about people
            </label>
          </>
        )}
        {isService && <p className="muted">It does not sign in. Next you make a key for it.</p>}
        {error !== null && <p className={styles["error"]} role="alert">{error}</p>}
        <div className={styles["acts"]}>
          <button type="submit" data-look="primary" disabled={isBusy || name.trim() === ""}>{isService ? "Add service account" : "Add person"}</button>
          <button type="button" onClick={onClose}>Cancel</button>
        </div>
      </form>
    </Dialog>
  );
}
