/** What one can do with a model as a whole: promote its newest version, see and edit its rules, and archive it. */

import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type ModelDetail, api } from "../api";
import { Button } from "../parts/Button";
import { registryChanged } from "../queries";
import { useRights } from "../rights";
import styles from "./ModelsPage.module.css";
import { ReasonDialog } from "./ReasonDialog";

export function ModelActs({ model, onPromote }: { model: ModelDetail; onPromote: (version: number) => void }) {
  const withheld = useRights(model.project);
  const [isArchiving, setIsArchiving] = useState(false);
  const newest = model.latest_version;
  return (
    <div className={styles["tools"]}>
      {newest !== null && <Button reason={withheld("editor")} data-look="primary" title={`Promote v${String(newest)}, the newest`} onClick={() => { onPromote(newest); }}>Promote…</Button>}
      <Link to="/models/$name/rules" params={{ name: model.name }}>Rules</Link>
      <Button reason={withheld("promoter")} onClick={() => { setIsArchiving(true); }}>{model.is_archived ? "Take out of the archive…" : "Archive…"}</Button>
      {isArchiving && <ArchiveDialog model={model} onClose={() => { setIsArchiving(false); }} />}
    </div>
  );
}

function ArchiveDialog({ model, onClose }: { model: ModelDetail; onClose: () => void }) {
  const label = model.is_archived ? "Take out of the archive" : "Archive";
  const archive = async (reason: string) => {
    await api.archiveModel(model.name, { is_archived: !model.is_archived, reason });
    await registryChanged();
  };
  return (
    <ReasonDialog title={`${label}: ${model.name}`} label={label} act={archive} onClose={onClose}>
      <p>{model.is_archived ? "The list of models shows it again." : "The list of models leaves it out. Its versions and aliases stay, and go on working for whoever names them."}</p>
    </ReasonDialog>
  );
}
