/** The aliases of a version, which editors move to it and take off it. */

import { type FormEvent, useState } from "react";
import { type ArtifactAbout, api } from "../api";
import { toast } from "../frame/Toasts";
import { AliasChip } from "../models/AliasChip";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { client } from "../queries";
import { useRights } from "../rights";
import styles from "./Artifacts.module.css";

export function Aliases({ about }: { about: ArtifactAbout }) {
  const [isOpen, setIsOpen] = useState(false);
  const withheld = useRights(about.project)("editor");
  const takeOff = (alias: string) => void done(about, () => api.removeArtifactAlias(about.id, alias), `${alias} is taken off v${String(about.version)}.`);
  return (
    <span className={styles["aliases"]}>
      {about.aliases.map((alias) => (
        <span key={alias} className={styles["alias"]}>
          <AliasChip alias={alias} />
          {alias !== "latest" && <Button reason={withheld} data-look="icon" aria-label={`Take ${alias} off`} title={`Take ${alias} off`} onClick={() => { takeOff(alias); }}><Icon name="close" size={12} /></Button>}
        </span>
      ))}
      <Button reason={withheld} data-look="plain" onClick={() => { setIsOpen(true); }}><Icon name="plus" size={14} /> Alias</Button>
      {isOpen && <AliasDialog about={about} onClose={() => { setIsOpen(false); }} />}
    </span>
  );
}

function AliasDialog({ about, onClose }: { about: ArtifactAbout; onClose: () => void }) {
  const [alias, setAlias] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const name = alias.trim();
    void done(about, () => api.moveArtifactAlias(about.id, name), `${name} points at v${String(about.version)} now.`, setProblem).then((isDone) => { if (isDone) onClose(); });
  };
  return (
    <Dialog title={`Alias for ${about.name}:v${String(about.version)}`} onClose={onClose}>
      <form onSubmit={submit}>
        <p>An alias points at one version. One that another version has moves to this one, and the project’s log says so.</p>
        <label className={styles["field"]}>
          Alias <input data-autofocus required maxLength={128} value={alias} onChange={(event) => { setAlias(event.target.value); }} />
        </label>
        {problem !== null && <p role="alert">{problem}</p>}
        <div className={styles["actions"]}>
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" data-look="primary">Point it here</button>
        </div>
      </form>
    </Dialog>
  );
}

/** Whether it went well; what went wrong is told where the act was begun. */
async function done(about: ArtifactAbout, carryOut: () => Promise<ArtifactAbout>, text: string, tell?: (problem: string) => void): Promise<boolean> {
  try {
    await carryOut();
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    if (tell === undefined) toast({ text: problem, about: "alias", isBad: true });
    else tell(problem);
    return false;
  }
  toast({ text, about: "alias" });
  await client.invalidateQueries({ queryKey: ["artifacts", about.project] });
  return true;
}
