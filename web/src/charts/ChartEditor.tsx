/** Asks for a chart of a formula, or of several metrics, and says what is wrong with it while one types. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { ApiError, api, reasonOf } from "../api";
import { formatCount, plural } from "../format";
import { Dialog } from "../parts/Dialog";
import { client } from "../queries";
import { placeIn } from "../workspace/filter";
import styles from "./ChartEditor.module.css";
import { MOST_LINES } from "./figure";
import { FUNCTIONS, inserted, withQuotes, wordAt, written } from "./formulaText";
import { type Draft, bodyOf, fitting, formulaChart, isFormula, patternOf, severalChart } from "./made";

type Props = { draft: Draft; metrics: readonly string[]; onSave: (chart: string, replaces: string | null) => void; onClose: () => void };

export const ChartEditor = (props: Props) => (isFormula(props.draft.chart) ? <FormulaEditor {...props} /> : <SeveralEditor {...props} />);

/** A longer list is for who types another letter. */
const MOST_NAMES = 100;
const REST_MS = 250;

const question = (formula: string) => ({
  queryKey: ["formula", formula],
  queryFn: ({ signal }: { signal: AbortSignal }) => api.formula(formula, { signal }),
  retry: false,
  staleTime: Infinity,
});

function FormulaEditor({ draft, metrics, onSave, onClose }: Props) {
  const [text, setText] = useState(bodyOf(draft.chart));
  const [caret, setCaret] = useState(text.length);
  const [asked, setAsked] = useState(text);
  const field = useRef<HTMLInputElement>(null);
  const caretToSet = useRef<number | null>(null);
  const id = useId();
  useEffect(() => {
    const timer = setTimeout(() => { setAsked(text); }, REST_MS);
    return () => { clearTimeout(timer); };
  }, [text]);
  useLayoutEffect(() => {
    if (caretToSet.current === null) return;
    field.current?.focus();
    field.current?.setSelectionRange(caretToSet.current, caretToSet.current);
    caretToSet.current = null;
  }, [text, caret]);
  const formula = withQuotes(asked, metrics).trim();
  const { data, error } = useQuery({ ...question(formula), enabled: formula !== "" });
  const unknown = data?.metrics.filter((name) => !metrics.includes(name)) ?? [];
  const insert = (name: string) => {
    const next = inserted(text, caret, name);
    caretToSet.current = next.caret;
    setText(next.text);
    setCaret(next.caret);
  };
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const wanted = withQuotes(text, metrics).trim();
    setAsked(text);
    try {
      await client.fetchQuery(question(wanted));
    } catch {
      return; // the line below the field says what is wrong
    }
    onSave(formulaChart(wanted), draft.replaces);
    onClose();
  };
  return (
    <Dialog title={draft.replaces === null ? "Add a formula" : "Edit the formula"} onClose={onClose}>
      <form onSubmit={(event) => void save(event)}>
        <input
          ref={field}
          className={styles["field"]}
          data-autofocus
          aria-label="Formula"
          aria-invalid={error !== null}
          aria-describedby={`${id}-note`}
          placeholder={`log("train/loss") or a / b`}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setCaret(event.target.selectionStart ?? event.target.value.length);
          }}
          onSelect={(event) => { setCaret(event.currentTarget.selectionStart ?? text.length); }}
          onKeyDown={intoList}
        />
        <div id={`${id}-note`} className={styles["note"]} role="status">
          {error !== null ? (
            <Refused error={error} formula={formula} />
          ) : (
            <span className="muted small">
              {unknown.length > 0 ? `No run here has logged ${unknown.join(", ")}. ` : ""}
              {data !== undefined && formula !== asked.trim() ? `Read as ${formula}. ` : ""}
              Names with / or - stand in quotes. A point is drawn at each step that all metrics have, from every point that was logged.
            </span>
          )}
        </div>
        <button type="submit" data-look="primary" disabled={text.trim() === ""}>{draft.replaces === null ? "Add chart" : "Save"}</button>
        <Names metrics={metrics} word={wordAt(text, caret).word} onChoose={insert} />
      </form>
    </Dialog>
  );
}

function Refused({ error, formula }: { error: Error; formula: string }) {
  const place = error instanceof ApiError ? placeIn(formula, error.position) : null;
  return (
    <p className={styles["error"]}>
      {place !== null && <code>{place.before}<mark>{place.marked === "" ? "\u00a0" : place.marked}</mark>{place.after}</code>} {reasonOf(error)}
    </p>
  );
}

function Names({ metrics, word, onChoose }: { metrics: readonly string[]; word: string; onChoose: (insert: string) => void }) {
  const wanted = word.toLowerCase();
  const functions = FUNCTIONS.filter((name) => name.startsWith(wanted));
  const found = metrics.filter((name) => name.toLowerCase().includes(wanted)).toSorted((a, b) => Number(b.toLowerCase().startsWith(wanted)) - Number(a.toLowerCase().startsWith(wanted)));
  return (
    <ul className={styles["list"]} aria-label="Names to insert">
      {found.slice(0, MOST_NAMES).map((name) => (
        <li key={name}>
          <button type="button" data-look="plain" onKeyDown={alongList} onClick={() => { onChoose(written(name)); }}><bdi>{name}</bdi></button>
        </li>
      ))}
      {functions.map((name) => (
        <li key={`${name}(`}>
          <button type="button" data-look="plain" onKeyDown={alongList} onClick={() => { onChoose(`${name}(`); }}>{name}(…)</button>
        </li>
      ))}
      {found.length > MOST_NAMES && <li className="muted small">The first {MOST_NAMES} of {formatCount(found.length)} metrics; type more of the name.</li>}
    </ul>
  );
}

function intoList(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "ArrowDown") return;
  event.preventDefault();
  event.currentTarget.closest("form")?.querySelector<HTMLElement>("li button")?.focus();
}

function alongList(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  event.preventDefault();
  const row = event.currentTarget.parentElement;
  const next = event.key === "ArrowDown" ? row?.nextElementSibling : row?.previousElementSibling;
  const button = next?.querySelector("button");
  if (button instanceof HTMLElement) button.focus();
  else if (event.key === "ArrowUp") event.currentTarget.closest("form")?.querySelector("input")?.focus();
}

function SeveralEditor({ draft, metrics, onSave, onClose }: Props) {
  const [pattern, setPattern] = useState(bodyOf(draft.chart));
  const id = useId();
  const found = pattern.trim() === "" ? [] : fitting(pattern.trim(), metrics);
  const first = [...fitting(bodyOf(draft.chart), metrics), ...metrics.filter((name) => !fitting(bodyOf(draft.chart), metrics).includes(name))];
  const save = (event: FormEvent) => {
    event.preventDefault();
    onSave(severalChart(pattern), draft.replaces);
    onClose();
  };
  const choose = (name: string, isChosen: boolean) => { setPattern(isChosen ? patternOf([...found, name]) : found.length === 1 ? "" : patternOf(found.filter((one) => one !== name))); };
  return (
    <Dialog title={draft.replaces === null ? "Several metrics in one chart" : "Edit the metrics of a chart"} onClose={onClose}>
      <form onSubmit={save}>
        <input className={styles["field"]} data-autofocus aria-label="Names of metrics" aria-describedby={id} placeholder="*/loss or train/{loss,acc}" autoComplete="off" autoCapitalize="off" spellCheck={false} value={pattern} onChange={(event) => { setPattern(event.target.value); }} />
        <div id={id} className={`${styles["note"] ?? ""} muted small`} role="status">
          {pattern.trim() === "" ? "" : `${plural(found.length, "metric")} so far. `}
          * is any text, {"{a,b}"} one of several. Metrics that come later are drawn too; a chart has at most {MOST_LINES} lines.
        </div>
        <button type="submit" data-look="primary" disabled={pattern.trim() === ""}>{draft.replaces === null ? "Add chart" : "Save"}</button>
        <ul className={styles["list"]} aria-label="Metrics">
          {first.slice(0, MOST_NAMES).map((name) => (
            <li key={name}>
              <label>
                <input type="checkbox" checked={found.includes(name)} onChange={(event) => { choose(name, event.target.checked); }} /> <bdi>{name}</bdi>
              </label>
            </li>
          ))}
          {first.length > MOST_NAMES && <li className="muted small">The first {MOST_NAMES} of {formatCount(first.length)} metrics; others by their names above.</li>}
        </ul>
      </form>
    </Dialog>
  );
}
