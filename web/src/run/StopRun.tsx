/** Asking a run to stop: the button, the question, and what came of it. */

import { type FormEvent, useState } from "react";
import { type RunDetail, api, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { Ago } from "../parts/Time";
import { client, queries, runChanged } from "../queries";
import { useRights } from "../rights";
import styles from "./StopRun.module.css";

/** A run that nobody hears of can be asked as well: it is told when it is back. */
export function StopRun({ run }: { run: RunDetail }) {
  const [isAsking, setIsAsking] = useState(false);
  const withheld = useRights(run.project);
  const isGoing = run.status === "running" || run.status === "lost";
  return (
    <>
      {isGoing && (
        <Button reason={withheld("editor")} disabled={run.is_stopping} onClick={() => { setIsAsking(true); }}>
          {run.is_stopping ? "Stopping…" : "Stop"}
        </Button>
      )}
      {isAsking && <StopDialog run={run} onClose={() => { setIsAsking(false); }} />}
    </>
  );
}

function StopDialog({ run, onClose }: { run: RunDetail; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const [isSending, setIsSending] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsSending(true);
    try {
      client.setQueryData(queries.run(run.id).queryKey, await api.stopRun(run.id, reason.trim()));
    } catch (error) {
      // it may have ended by itself meanwhile, and then the page shows that next
      toast({ text: `Not stopped: ${reasonOf(error)}`, isBad: true });
    }
    onClose();
    void runChanged(run.id);
  };
  return (
    <Dialog title={`Stop ${run.name}?`} onClose={onClose}>
      <form className={styles["form"]} onSubmit={(event) => void submit(event)}>
        <p>
          The program is told within seconds. It ends by itself if it looks at <code>run.should_stop</code>; otherwise it is interrupted as by Ctrl-C. What it has logged is kept.
        </p>
        <label>
          Reason <span className="muted">(optional)</span>
          <input data-autofocus maxLength={500} value={reason} onChange={(event) => { setReason(event.target.value); }} />
        </label>
        <div className={styles["choice"]}>
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" data-look="primary" disabled={isSending}>Stop the run</button>
        </div>
      </form>
    </Dialog>
  );
}

/** Who asked the run to stop, and why, for as long as that explains its state. */
export function StopStory({ run }: { run: RunDetail }) {
  if (run.stop === null || !(run.is_stopping || run.status === "stopped")) return null;
  const { by, reason, time_ms } = run.stop;
  return (
    <span className="muted">
      {by} asked it to stop <Ago ms={time_ms} />
      {reason !== "" && <>: <bdi>{reason}</bdi></>}
    </span>
  );
}
