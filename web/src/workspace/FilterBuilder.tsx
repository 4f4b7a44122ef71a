/** A filter without typing its language: conditions one under the other, each of a key, an operator and a value. */

import { type FormEvent, useId, useState } from "react";
import type { Keys } from "../api";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { ClauseEditor } from "./ClauseEditor";
import styles from "./TableParts.module.css";
import { ATTRIBUTES } from "./filter";
import { type Operator, OPERATORS, clauseOf, clausesOf, filterOf, kindOf, operandOf } from "./filterClauses";
import type { Searched } from "./ranges";
import { useMatchCount } from "./useMatchCount";

type Props = { project: string; keys: Keys | undefined; searched: Searched; onApply: (filter: string) => void; onClose: () => void };

const MOST_KEYS = 500;

export function FilterBuilder({ project, keys, searched, onApply, onClose }: Props) {
  const [clauses, setClauses] = useState(() => clausesOf(searched.filter));
  const [key, setKey] = useState("");
  const [chosen, setChosen] = useState<Operator | null>(null);
  const [value, setValue] = useState("");
  const list = useId();
  const known = knownKeys(keys);
  const names = new Set(keys?.metrics.map(({ name }) => name));
  const isKnown = known.includes(key) || names.has(key.replace(/^metrics\.(.*)\.\w+$/, "$1"));
  const kind = kindOf(key);
  const operators = OPERATORS[kind];
  const operator = operators.find(({ sign }) => sign === chosen?.sign) ?? operators[0];
  const next = !isKnown || operator === undefined ? null : clauseOf(operandOf(key, names), kind, operator, value);
  const draft = filterOf(next === null ? clauses : [...clauses, next]);
  const count = useMatchCount(project, { ...searched, filter: draft, text: draft === "" ? searched.text : "" });
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (next === null) return;
    setClauses([...clauses, next]);
    setKey("");
    setValue("");
  };
  return (
    <Dialog
      title="Build a filter"
      onClose={onClose}
      footer={
        <>
          <span role="status" className={styles["count"]} data-refused={count.isRefused}>{count.words}</span>
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="button" data-look="primary" disabled={count.isRefused} onClick={() => { onApply(draft); onClose(); }}>Apply</button>
        </>
      }
    >
      <ul className={styles["clauses"]} aria-label="Conditions">
        {clauses.map((clause, index) => (
          <li key={clause}>
            <code>{clause}</code>
            <button type="button" data-look="icon" aria-label={`Remove ${clause}`} title="Remove" onClick={() => { setClauses(clauses.toSpliced(index, 1)); }}>
              <Icon name="close" size={12} />
            </button>
          </li>
        ))}
      </ul>
      {clauses.length === 0 && <p className="muted small">No condition yet: all runs are listed.</p>}
      <form className={styles["editor"]} onSubmit={add}>
        <input data-autofocus aria-label="Key" className={styles["key"]} list={list} autoComplete="off" placeholder="config.lr, a metric, tags…" value={key} onChange={(event) => { setKey(event.target.value); }} />
        <datalist id={list}>{known.slice(0, MOST_KEYS).map((one) => <option key={one} value={one} />)}</datalist>
        {operator !== undefined && <ClauseEditor {...{ project, kind, operators, operator, value }} columnKey={isKnown ? key : "id"} searched={{ ...searched, filter: filterOf(clauses) }} onOperator={setChosen} onValue={setValue} />}
        <button type="submit" disabled={next === null}>Add</button>
      </form>
      {key !== "" && !isKnown && <p className="muted small">No run of the project has a key called “{key}”.</p>}
    </Dialog>
  );
}

function knownKeys(keys: Keys | undefined): string[] {
  const attributes = Object.keys(ATTRIBUTES).filter((name) => name !== "archived");
  return [...attributes, ...(keys?.config ?? []).map(({ key }) => `config.${key}`), ...(keys?.metrics ?? []).flatMap(({ name }) => [`metrics.${name}`, `metrics.${name}.min`, `metrics.${name}.max`])];
}
