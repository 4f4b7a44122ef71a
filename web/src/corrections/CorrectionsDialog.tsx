/** What was corrected in a project: who, when, what and why, and the way back. Entries are only ever added. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Correction } from "../api";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { Failure, Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { queries } from "../queries";
import { useRights } from "../rights";
import styles from "./Corrections.module.css";
import { undoCorrection } from "./made";
import { actOf } from "./words";

export function CorrectionsDialog({ project, onClose }: { project: string; onClose: () => void }) {
  const log = useInfiniteQuery(queries.corrections(project));
  const entries = log.data?.pages.flatMap((page) => page.corrections) ?? [];
  return (
    <Dialog title={`Corrections in ${project}`} width="wide" onClose={onClose}>
      {log.isPending && <Outline />}
      {log.error !== null && <Failure what="The corrections could not be fetched." error={log.error} onRetry={() => void log.refetch()} />}
      {log.data !== undefined && entries.length === 0 && <p className="muted">Nothing was corrected yet. Metrics are renamed, hidden and deleted in the menu of their chart, runs are archived and deleted in the list.</p>}
      <ol className={styles["log"]} aria-label="Corrections">
        {entries.map((entry) => (
          <Entry key={entry.id} project={project} entry={entry} />
        ))}
      </ol>
      {log.hasNextPage && <button type="button" disabled={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>Older entries</button>}
    </Dialog>
  );
}

function Entry({ project, entry }: { project: string; entry: Correction }) {
  const [isBusy, setIsBusy] = useState(false);
  const withheld = useRights(project);
  const undo = async () => {
    setIsBusy(true);
    await undoCorrection(project, entry.id);
    setIsBusy(false);
  };
  return (
    <li className={styles["entry"]} data-undone={entry.undone_by !== null}>
      <span className={styles["when"]}><Ago ms={entry.time_ms} /></span>
      <span className={styles["act"]}>
        <span><strong>{entry.by}</strong> {entry.imported && <>imported that <strong><bdi>{entry.imported.by}</bdi></strong> </>}<bdi>{actOf(entry)}</bdi>{entry.imported && <> <Ago ms={entry.imported.time_ms} /></>}{entry.undone_by !== null && <span className="muted"> · undone since</span>}</span>
        {entry.reason !== "" && <span className="muted"><bdi>{entry.reason}</bdi></span>}
      </span>
      {entry.can_undo && <Button reason={withheld("editor")} aria-label={`Undo: ${actOf(entry)}`} disabled={isBusy} onClick={() => void undo()}>Undo</Button>}
    </li>
  );
}
