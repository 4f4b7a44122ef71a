/** A condition on one column, added to the filter from its header. */

import { type FormEvent, useState } from "react";
import { Dialog } from "../parts/Dialog";
import { ClauseEditor } from "./ClauseEditor";
import styles from "./TableParts.module.css";
import { columnOf } from "./columns";
import { type Operator, OPERATORS, clauseOf, clausesOf, filterOf, kindOf, operandOf } from "./filterClauses";
import type { Change } from "./useView";
import { useMatchCount } from "./useMatchCount";
import type { View } from "./view";

type Props = { project: string; columnKey: string; names: ReadonlySet<string>; view: View; change: Change; onClose: () => void };

export function ColumnFilter({ project, columnKey, names, view, change, onClose }: Props) {
  const kind = kindOf(columnKey);
  const operators = OPERATORS[kind];
  const [chosen, setChosen] = useState<Operator | null>(null);
  const [value, setValue] = useState("");
  const operator = chosen ?? operators[0];
  const clause = operator === undefined ? null : clauseOf(operandOf(columnKey, names), kind, operator, value);
  const filter = filterOf([...clausesOf(view.filter), ...(clause === null ? [] : [clause])]);
  const count = useMatchCount(project, { ...view, filter, text: filter === "" ? view.text : "" });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (clause === null) return;
    change((now) => ({ ...now, filter, text: "" }));
    onClose();
  };
  return (
    <Dialog title={`Filter by ${columnOf(columnKey).label}`} onClose={onClose}>
      <form className={styles["editor"]} onSubmit={submit}>
        {operator !== undefined && <ClauseEditor {...{ project, columnKey, kind, operators, operator, value }} searched={view} onOperator={setChosen} onValue={setValue} />}
        <button type="submit" data-look="primary" disabled={clause === null || count.isRefused}>Add to the filter</button>
      </form>
      {clause !== null && <p><code>{clause}</code></p>}
      {view.text !== "" && <p className="muted small">The words “{view.text}” are taken out: a filter stands alone.</p>}
      <p role="status" className={styles["count"]} data-refused={count.isRefused}>{count.words}</p>
    </Dialog>
  );
}
