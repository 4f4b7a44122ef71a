/** What one can do with a version: promote it, say that it is no longer to be used, and take it away. */

import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { type ModelVersionDetail, type VersionStateChange, api, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { Button } from "../parts/Button";
import { registryChanged } from "../queries";
import { useRights } from "../rights";
import styles from "./ModelsPage.module.css";
import { PromoteDialog } from "./PromoteDialog";
import { ReasonDialog } from "./ReasonDialog";
import { heldReason } from "./promotion";

type Open = "promote" | "deprecated" | "archived" | "delete" | null;

const WORDS = {
  deprecated: { label: "Deprecate", text: "It can still be promoted and used; the dialog of a promotion warns." },
  archived: { label: "Archive", text: "It is not promoted any more, until somebody takes it back. Its files stay." },
} as const;

export function VersionActs({ version }: { version: ModelVersionDetail }) {
  const [open, setOpen] = useState<Open>(null);
  const withheld = useRights(version.project);
  const close = () => { setOpen(null); };
  const { model, version: number, state } = version;
  const isArchived = state === "archived";
  return (
    <div className={styles["tools"]}>
      <Button reason={isArchived ? "This version is archived; take it back first." : withheld("editor")} data-look="primary" onClick={() => { setOpen("promote"); }}>Promote…</Button>
      {state === "active" && <Button reason={withheld("promoter")} onClick={() => { setOpen("deprecated"); }}>Deprecate…</Button>}
      {!isArchived && <Button reason={withheld("promoter") ?? heldReason(version, "archived")} onClick={() => { setOpen("archived"); }}>Archive…</Button>}
      {state !== "active" && <Button reason={withheld("promoter")} onClick={() => void takeBack(version)}>Take back</Button>}
      <Button reason={withheld("promoter") ?? heldReason(version, "deleted")} onClick={() => { setOpen("delete"); }}>Delete…</Button>
      {open === "promote" && <PromoteDialog target={{ kind: "version", project: version.project, model, version: number, alias: "production" }} onClose={close} />}
      {(open === "deprecated" || open === "archived") && <StateDialog version={version} state={open} onClose={close} />}
      {open === "delete" && <DeleteDialog version={version} onClose={close} />}
    </div>
  );
}

async function setState({ model, version }: ModelVersionDetail, change: VersionStateChange): Promise<void> {
  await api.setVersionState(model, version, change);
  await registryChanged();
}

async function takeBack(version: ModelVersionDetail): Promise<void> {
  try {
    await setState(version, { state: "active" });
  } catch (error) {
    toast({ text: `Not changed: ${reasonOf(error)}`, isBad: true });
  }
}

function StateDialog({ version, state, onClose }: { version: ModelVersionDetail; state: "deprecated" | "archived"; onClose: () => void }) {
  const { label, text } = WORDS[state];
  return (
    <ReasonDialog title={`${label} ${version.model} v${String(version.version)}`} label={label} act={(reason) => setState(version, { state, reason })} onClose={onClose}>
      <p>{text}</p>
    </ReasonDialog>
  );
}

function DeleteDialog({ version: { model, version, artifact }, onClose }: { version: ModelVersionDetail; onClose: () => void }) {
  const navigate = useNavigate();
  const remove = async (reason: string) => {
    await api.deleteVersion(model, version, reason);
    toast({ text: `Deleted ${model} v${String(version)}` });
    await navigate({ to: "/models/$name", params: { name: model } });
    await registryChanged();
  };
  return (
    <ReasonDialog title={`Delete ${model} v${String(version)}`} label={`Delete v${String(version)}`} act={remove} onClose={onClose}>
      <p>
        It is gone for good, with closed proposals about it; nothing can be rolled back to it, and its number is not used again. The files stay with the artifact <bdi>{artifact}</bdi>.
      </p>
    </ReasonDialog>
  );
}
