/** How many rules for production a version passes; for the one that holds it, how many it had passed when it came there. */

import { useQuery } from "@tanstack/react-query";
import type { AuditEntry, GateReport, ModelDetail } from "../api";
import { queries } from "../queries";
import styles from "./GateList.module.css";
import { VERDICTS, passedText } from "./promotion";

const ALIAS = "production";

/** Each asks the server for itself: of many versions the newest are told, the others on their way to a promotion. */
const MOST_ASKED = 10;

/** Whether there are rules to tell of. */
export function useHasGates(model: string): boolean {
  const rules = useQuery(queries.rules(model)).data;
  return rules !== undefined && rules.rules.length > 0;
}

export function GateCell({ model, version }: { model: ModelDetail; version: number }) {
  const isHolder = model.aliases.some((one) => one.alias === ALIAS && one.version === version);
  const isAsked = !isHolder && model.versions.slice(0, MOST_ASKED).some((one) => one.version === version);
  const report = useQuery({ ...queries.gate(model.name, { candidate: `v${String(version)}`, against: ALIAS }), enabled: isAsked }).data;
  if (isHolder) return <Passed verdicts={thenOf(model.history, version)} note={`when it came to ${ALIAS}`} />;
  return report === undefined ? <span className="muted">{isAsked ? "…" : "–"}</span> : <Passed verdicts={report.rules.map(({ verdict }) => verdict)} note={`against ${ALIAS} now`} />;
}

/** What came of the rules as the version was promoted last; a roll-back asks none. */
const thenOf = (history: readonly AuditEntry[], version: number): Verdicts =>
  (history.find(({ action, alias, to_version }) => action === "alias.moved" && alias === ALIAS && to_version === version)?.gates ?? []).map(({ verdict }) => verdict);

type Verdicts = readonly GateReport["verdict"][];

function Passed({ verdicts, note }: { verdicts: Verdicts; note: string }) {
  if (verdicts.length === 0) return <span className="muted">–</span>;
  const worst = (["fail", "not_enough_evidence"] as const).find((one) => verdicts.includes(one)) ?? "pass";
  return (
    <span className={styles["count"]} data-verdict={worst} title={`${VERDICTS[worst].word}, ${note}`}>
      <span aria-hidden="true">{VERDICTS[worst].sign} </span>{passedText(verdicts)}
    </span>
  );
}
