/** One condition of a filter: an operator and a value, with the values that runs have offered by the server. */

import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { api } from "../api";
import { formatCount } from "../format";
import styles from "./TableParts.module.css";
import type { Operator, Kind } from "./filterClauses";
import type { Searched } from "./ranges";
import { STATUSES } from "./view";

type Props = {
  project: string;
  searched: Searched;
  columnKey: string;
  kind: Kind;
  operators: readonly Operator[];
  operator: Operator;
  value: string;
  onOperator: (operator: Operator) => void;
  onValue: (value: string) => void;
};

const MOST_VALUES = 30;

export function ClauseEditor({ project, searched, columnKey, kind, operators, operator, value, onOperator, onValue }: Props) {
  const list = useId();
  const values = useValues(project, searched, columnKey, kind);
  return (
    <>
      <select aria-label="Operator" value={operator.sign} onChange={(event) => { onOperator(operators.find(({ sign }) => sign === event.target.value) ?? operator); }}>
        {operators.map(({ sign, label }) => <option key={sign} value={sign}>{label}</option>)}
      </select>
      {operator.takesValue && (
        <>
          <input data-autofocus aria-label="Value" className={styles["value"]} type={kind === "time" ? "date" : "text"} inputMode={kind === "number" ? "decimal" : undefined} list={list} autoComplete="off" placeholder={kind === "number" ? "a number" : "a value"} value={value} onChange={(event) => { onValue(event.target.value); }} />
          <datalist id={list}>
            {values.map(({ text, note }) => <option key={text} value={text}>{note}</option>)}
          </datalist>
        </>
      )}
    </>
  );
}

/** What runs that match so far have there, the commonest first. Of metrics, where each run has its own, nothing. */
function useValues(project: string, { text, filter, status, archived }: Searched, key: string, kind: Kind): { text: string; note: string }[] {
  const by = kind === "tags" ? "tag" : key;
  const canAsk = key.startsWith("config.") || kind === "tags" || (kind === "text" && key !== "notes");
  const search = { text, filter, status, archived, by: [by], limit: MOST_VALUES };
  const answer = useQuery({
    queryKey: ["values", project, search],
    queryFn: ({ signal }) => api.runValues(project, search, { signal }),
    enabled: canAsk,
    staleTime: 30_000,
  }).data;
  if (kind === "status") return STATUSES.map((one) => ({ text: one, note: one }));
  return (answer?.groups ?? []).flatMap(({ values, run_count }) => {
    const [value] = values;
    return value === null || value === undefined ? [] : [{ text: String(value), note: `${formatCount(run_count)} runs` }];
  });
}
