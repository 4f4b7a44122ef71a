/** A version's way into the trash, and out of it. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type ArtifactAbout, reasonOf } from "../api";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { Outline } from "../parts/Note";
import { Ago } from "../parts/Time";
import { queries } from "../queries";
import { useRights } from "../rights";
import { TrashVersionsDialog } from "../storage/TrashVersionsDialog";
import { restore } from "../storage/moving";
import styles from "./Artifacts.module.css";

export function DeleteVersion({ about }: { about: ArtifactAbout }) {
  const [isOpen, setIsOpen] = useState(false);
  const reason = useRights(about.project)("editor");
  return (
    <>
      <Button reason={reason} data-look="plain" onClick={() => { setIsOpen(true); }}>Delete…</Button>
      {isOpen && <Asking about={about} onClose={() => { setIsOpen(false); }} />}
    </>
  );
}

/** What keeps it is asked for first. One that is not among the newest thousand is taken to be kept by nothing: the server says it where that is not so. */
function Asking({ about, onClose }: { about: ArtifactAbout; onClose: () => void }) {
  const found = useQuery(queries.fates(about.project, about.name));
  if (found.data === undefined) {
    return (
      <Dialog title={`Delete ${about.name}:v${String(about.version)}`} onClose={onClose}>
        {found.error === null ? <Outline /> : <p role="alert">What keeps it could not be fetched: {reasonOf(found.error)}</p>}
      </Dialog>
    );
  }
  const { id, version, created_ms, size_bytes } = about;
  const fate = found.data.versions.find((one) => one.id === id) ?? { id, version, created_ms, size_bytes, value: null, keepers: [], fate: "stays" as const, reason: "" };
  return <TrashVersionsDialog project={about.project} name={about.name} versions={[fate]} onClose={onClose} />;
}

export function InTheTrash({ about, sinceMs }: { about: ArtifactAbout; sinceMs: number }) {
  const [isBusy, setIsBusy] = useState(false);
  const withheld = useRights(about.project)("editor");
  const bring = async () => {
    setIsBusy(true);
    await restore(about.project, [about.id]);
    setIsBusy(false);
  };
  return (
    <p role="note" className={styles["trashed"]}>
      <span>
        In the trash since <Ago ms={sinceMs} />, by {about.deleted_by === null ? "the policy of the artifact" : <bdi>{about.deleted_by}</bdi>}{about.deletion_reason !== "" && <>: <bdi>{about.deletion_reason}</bdi></>}. No list has it, and it is not the latest.
      </span>{" "}
      <Button reason={withheld} disabled={isBusy} onClick={() => void bring()}>Restore</Button>
    </p>
  );
}
