/** The model that an artifact becomes a version of: one that exists, or a new name. */

import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { queries } from "../queries";
import styles from "./PromoteDialog.module.css";
import { MODEL_NAME } from "./promotion";

export function ModelNameField({ value, onChange }: { value: string; onChange: (name: string) => void }) {
  const models = useQuery(queries.models()).data?.models ?? [];
  const listId = useId();
  const noteId = useId();
  const isGood = MODEL_NAME.test(value);
  const isKnown = models.some(({ name }) => name === value);
  return (
    <label className={styles["field"]}>
      Model
      <input list={listId} required value={value} aria-invalid={!isGood} aria-describedby={noteId} onChange={(event) => { onChange(event.target.value); }} />
      <datalist id={listId}>
        {models.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <span id={noteId} className={isGood ? styles["note"] : styles["error"]}>
        {isGood ? (isKnown ? "an existing model" : "a new model") : "Letters, digits, dots, dashes and underscores, starting with a letter or digit"}
      </span>
    </label>
  );
}
