/** `/share#<secret>`: opens a shared link. The secret stands behind the `#`, so that no log and no other page sees it. */

import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api } from "../api";
import { Page } from "../frame/Page";
import { Failure, Outline } from "../parts/Note";
import { client } from "../queries";

export function SharePage() {
  const navigate = useNavigate();
  const [secret] = useState(() => location.hash.slice(1));
  const [error, setError] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isOpen = true;
    const open = async () => {
      try {
        const { project, run_id: run } = await api.openLink(secret);
        if (!isOpen) return;
        client.clear(); // whatever was known was known to somebody else
        if (run === null) await navigate({ to: "/p/$project", params: { project }, replace: true });
        else await navigate({ to: "/p/$project/runs/$run", params: { project, run }, replace: true });
      } catch (failure) {
        if (isOpen) setError(failure);
      }
    };
    void open();
    return () => { isOpen = false; };
  }, [secret, attempt, navigate]);
  const retry = () => {
    setError(null);
    setAttempt((count) => count + 1);
  };
  return (
    <Page title="Shared link" crumbs={[]}>
      {error === null ? <Outline /> : <Failure what="The link could not be opened." error={error} onRetry={retry} />}
    </Page>
  );
}
