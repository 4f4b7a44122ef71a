/** What a run had logged before it was resumed from an earlier step. It is kept, drawn faint, and can count again. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type RunDetail, type Segment, api, reasonOf } from "../api";
import { formatCount, plural } from "../format";
import { toast } from "../frame/Toasts";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { Ago } from "../parts/Time";
import { client, queries, runChanged } from "../queries";
import { useRights } from "../rights";
import styles from "./Superseded.module.css";

/** `onRestored` is called when the points of the run are others than before. */
type Props = { run: RunDetail; onRestored: () => void };

export function Superseded({ run, onRestored }: Props) {
  const segments = useQuery(queries.segments(run.id, run.status === "running"));
  const [asked, setAsked] = useState<Segment | null>(null);
  const withheld = useRights(run.project);
  if (segments.data === undefined || segments.data.segments.length === 0) return null;
  return (
    <section aria-label="Superseded history">
      <h2>Superseded history</h2>
      <ul className={styles["list"]}>
        {segments.data.segments.map((segment) => (
          <li key={segment.number} className={styles["segment"]}>
            <span>
              {segmentName(segment)}: superseded <Ago ms={segment.superseded_ms} /> <span className="muted">({sizeOf(segment)})</span>
            </span>
            <Button reason={withheld("editor")} onClick={() => { setAsked(segment); }}>Restore</Button>
          </li>
        ))}
      </ul>
      {asked !== null && <RestoreDialog run={run} segment={asked} onRestored={onRestored} onClose={() => { setAsked(null); }} />}
    </section>
  );
}

function RestoreDialog({ run, segment, onRestored, onClose }: Props & { segment: Segment; onClose: () => void }) {
  const [isSending, setIsSending] = useState(false);
  const restore = async () => {
    setIsSending(true);
    try {
      await api.restoreSegment(run.id, segment.number);
      onRestored();
    } catch (error) {
      toast({ text: `Not restored: ${reasonOf(error)}`, isBad: true });
    }
    onClose();
    await Promise.all([runChanged(run.id), client.invalidateQueries({ queryKey: ["compare"] })]);
  };
  return (
    <Dialog
      title="Restore this history?"
      onClose={onClose}
      footer={
        <>
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="button" data-look="primary" data-autofocus disabled={isSending} onClick={() => void restore()}>Restore it</button>
        </>
      }
    >
      <p>
        {segmentName(segment)} ({sizeOf(segment)}) will count again. What the run has after step {formatCount(segment.after_step)} now is superseded in its place, and can be restored likewise.
      </p>
    </Dialog>
  );
}

function segmentName({ after_step, last_step, label }: Segment): string {
  const steps = last_step === null ? `Steps after ${formatCount(after_step)}` : `Steps after ${formatCount(after_step)}, up to ${formatCount(last_step)}`;
  return label === "" ? steps : `${steps}, of ${label}`;
}

const sizeOf = ({ series_count, point_count }: Segment) => `${formatCount(series_count)} series, ${plural(point_count, "point")}`;
