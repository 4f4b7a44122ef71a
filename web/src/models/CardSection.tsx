/** The model card of a version: to read, to take away, and to complete with what only a person can write. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, Suspense, lazy, useId, useState } from "react";
import { type CardFields, type ModelCard, type ModelVersionDetail, api, reasonOf } from "../api";
import { Button } from "../parts/Button";
import { CopyButton } from "../parts/Code";
import { Dialog } from "../parts/Dialog";
import { Failure, Outline } from "../parts/Note";
import { client, queries, registryChanged } from "../queries";
import { useRights } from "../rights";
import styles from "./CardSection.module.css";

const Markdown = lazy(() => import("../parts/Markdown").then((module) => ({ default: module.Markdown })));

type Field = keyof CardFields;

/** In the order of the dialog. Those with a `hint` are one line. */
const FIELDS: readonly { field: Field; label: string; hint?: string }[] = [
  { field: "intended_use", label: "Intended use" },
  { field: "limitations", label: "Limitations" },
  { field: "bias_and_risks", label: "Bias and risks" },
  { field: "task", label: "Task", hint: "image-classification" },
  { field: "license", label: "License", hint: "apache-2.0" },
  { field: "language", label: "Language", hint: "en, fr" },
  { field: "authors", label: "Authors" },
  { field: "citation", label: "Citation" },
];

export function CardSection({ version }: { version: ModelVersionDetail }) {
  const query = useQuery(queries.card(version.model, version.version));
  return (
    <section className={styles["section"]} aria-label="Model card">
      <h2>Model card</h2>
      {query.error !== null && query.data === undefined && <Failure what="The card could not be fetched." error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Outline lines={2} />}
      {query.data !== undefined && <Loaded card={query.data} project={version.project} />}
    </section>
  );
}

function Loaded({ card, project }: { card: ModelCard; project: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const [isEditing, setIsEditing] = useState(false);
  const withheld = useRights(project);
  const open = FIELDS.filter(({ field }) => card.to_be_written.includes(field));
  return (
    <>
      <p className={open.length > 0 ? undefined : "muted"}>
        {open.length > 0 ? `To be written: ${open.map(({ label }) => label.toLowerCase()).join(", ")}.` : "Complete: facts, and all that people are to write."}
      </p>
      <div className={styles["acts"]}>
        <button type="button" aria-expanded={isOpen} onClick={() => { setIsOpen(!isOpen); }}>{isOpen ? "Hide the card" : "Read the card"}</button>
        <Button reason={withheld("editor")} onClick={() => { setIsEditing(true); }}>Edit the card…</Button>
        <button type="button" onClick={() => { save(card.text); }}>Download README.md</button>
        <CopyButton text={card.text} label="Copy the card" />
      </div>
      {isOpen && (
        <div className={styles["card"]} tabIndex={0} role="region" aria-label="The card">
          <Suspense fallback={<Outline lines={8} />}>
            <Markdown text={card.body.replace(/^# .*\n+/, "")} />
          </Suspense>
        </div>
      )}
      {isEditing && <EditDialog card={card} onClose={() => { setIsEditing(false); }} />}
    </>
  );
}

function EditDialog({ card, onClose }: { card: ModelCard; onClose: () => void }) {
  const [fields, setFields] = useState<Record<Field, string>>(() => written(card.fields));
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const formId = useId();
  const before = written(card.fields);
  const changed = FIELDS.filter(({ field }) => fields[field].trim() !== before[field]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setError(null);
    try {
      const after = await api.changeCard(card.model, card.version, Object.fromEntries(changed.map(({ field }) => [field, fields[field]])));
      client.setQueryData(queries.card(card.model, card.version).queryKey, after);
      await registryChanged();
      onClose();
    } catch (failure) {
      setError(reasonOf(failure));
      setIsBusy(false);
    }
  };
  return (
    <Dialog
      title={`Card of ${card.model} v${String(card.version)}`}
      width="wide"
      onClose={onClose}
      footer={
        <>
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" form={formId} data-look="primary" disabled={isBusy || changed.length === 0}>Save the card</button>
        </>
      }
    >
      <form id={formId} className={styles["form"]} onSubmit={(event) => void submit(event)}>
        <p className="muted">What only a person can write, in Markdown. The next version of the model begins with it.</p>
        {error !== null && <p className={styles["error"]} role="alert">{error}</p>}
        {FIELDS.map(({ field, label, hint }) => {
          const change = (value: string) => { setFields({ ...fields, [field]: value }); };
          return (
            <label key={field}>
              {label}
              {hint === undefined
                ? <textarea rows={3} maxLength={20_000} value={fields[field]} onChange={(event) => { change(event.target.value); }} />
                : <input type="text" maxLength={200} placeholder={hint} value={fields[field]} onChange={(event) => { change(event.target.value); }} />}
            </label>
          );
        })}
      </form>
    </Dialog>
  );
}

const written = (fields: CardFields): Record<Field, string> => {
  const { intended_use = "", limitations = "", bias_and_risks = "", authors = "", citation = "", license = "", language = "", task = "" } = fields;
  return { intended_use, limitations, bias_and_risks, authors, citation, license, language, task };
};

/** As the file that model hubs look for. */
function save(text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = "README.md";
  link.click();
  URL.revokeObjectURL(address);
}
