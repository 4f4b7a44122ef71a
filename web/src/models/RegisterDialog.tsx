/** Makes an artifact version a version of a model, without moving any alias. */

import { type FormEvent, useState } from "react";
import { type RunArtifact, api, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import { Dialog } from "../parts/Dialog";
import { registryChanged } from "../queries";
import { ModelNameField } from "./ModelNameField";
import styles from "./PromoteDialog.module.css";
import { MODEL_NAME } from "./promotion";

type Props = { artifact: RunArtifact; suggestedModel: string; onClose: () => void };

export function RegisterDialog({ artifact, suggestedModel, onClose }: Props) {
  const [model, setModel] = useState(suggestedModel);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    try {
      const made = await api.registerVersion(model, artifact.id);
      await registryChanged();
      toast({ text: `Registered ${made.model} v${String(made.version)}` });
      onClose();
    } catch (failure) {
      setError(reasonOf(failure));
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <Dialog title={`Register ${artifact.name}:v${String(artifact.version)}`} onClose={onClose}>
      <form className={styles["form"]} onSubmit={(event) => void submit(event)}>
        <ModelNameField value={model} onChange={setModel} />
        {error !== null && <p className={styles["error"]} role="alert">{error}</p>}
        <p className="muted">The run’s metrics at this moment are kept with the version. No alias moves.</p>
        <div>
          <button type="submit" data-look="primary" disabled={isBusy || !MODEL_NAME.test(model)}>Register model</button>
        </div>
      </form>
    </Dialog>
  );
}
