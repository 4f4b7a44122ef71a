/** Asks before a run goes to the trash, and names what goes with it. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type RunDetail, type RunHoldings, api } from "../api";
import { formatBytes, formatCount, plural } from "../format";
import { Dialog } from "../parts/Dialog";
import { Failure, Outline } from "../parts/Note";
import styles from "./StopRun.module.css";

type Props = { run: RunDetail; onClose: () => void; onDelete: (reason: string) => void };

export function DeleteRunDialog({ run, onClose, onDelete }: Props) {
  const [reason, setReason] = useState("");
  const asked = useQuery({ queryKey: ["run", run.id, "holdings"], queryFn: ({ signal }) => api.holdings(run.id, { signal }), staleTime: 0 });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onDelete(reason.trim());
  };
  return (
    <Dialog title={`Delete ${run.name}?`} onClose={onClose}>
      <form className={styles["form"]} onSubmit={submit}>
        {asked.isPending && <Outline lines={3} label="Counting what goes with it" />}
        {asked.error !== null && <Failure what="What goes with it could not be counted." error={asked.error} onRetry={() => void asked.refetch()} />}
        {asked.data !== undefined && <Holdings run={run} held={asked.data} />}
        <label>
          Reason <span className="muted">(optional)</span>
          <input data-autofocus maxLength={2000} value={reason} onChange={(event) => { setReason(event.target.value); }} />
        </label>
        <div className={styles["choice"]}>
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" data-look="primary">Delete the run</button>
        </div>
      </form>
    </Dialog>
  );
}

function Holdings({ run, held }: { run: RunDetail; held: RunHoldings }) {
  const parts = [
    held.point_count > 0 ? `${plural(held.point_count, "point")} of ${plural(held.metric_count, "metric")}` : null,
    held.system_point_count > 0 ? `${plural(held.system_point_count, "reading")} of the machine` : null,
    held.console_line_count > 0 ? plural(held.console_line_count, "console line") : null,
    held.media_count > 0 ? `${formatCount(held.media_count)} media` : null,
    held.version_count > 0 ? `${plural(held.version_count, "artifact version")} with ${formatBytes(held.file_bytes)}` : null,
  ].filter((part) => part !== null);
  return (
    <>
      <p>To the trash, from where it can be restored, with it:</p>
      <ul aria-label="What goes with it" className={styles["held"]}>
        {(parts.length === 0 ? ["nothing was logged"] : parts).map((part) => <li key={part}>{part}</li>)}
      </ul>
      {run.status === "running" && <p role="note">It is still running: what it logs from now on goes to the trash as well.</p>}
      {held.kept_by.length > 0 && <p role="note">{held.kept_by.join(", ")} came from it. It can go to the trash all the same, but is kept from being deleted for good while {held.kept_by.length === 1 ? "that is" : "those are"} registered.</p>}
      {held.fork_count > 0 && <p>{plural(held.fork_count, "run")} forked from it {held.fork_count === 1 ? "keeps" : "keep"} their history.</p>}
    </>
  );
}
