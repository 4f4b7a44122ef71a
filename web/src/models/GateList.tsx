/** What came of each rule: a sign and a word, what was found, how sure that is, and what evidence would be enough. */

import type { GateReport, RuleResult } from "../api";
import { plural } from "../format";
import styles from "./GateList.module.css";
import { VERDICTS, intervalText } from "./promotion";

export function GateList({ gates }: { gates: GateReport }) {
  if (gates.rules.length === 0) return <p className="muted">No rule is about {gates.alias}.</p>;
  return (
    <ul className={styles["gates"]} aria-label="Gates">
      {gates.rules.map((rule) => <Gate key={`${String(rule.line)} ${rule.name}`} rule={rule} />)}
    </ul>
  );
}

function Gate({ rule }: { rule: RuleResult }) {
  return (
    <li className={styles["gate"]} data-verdict={rule.verdict}>
      <Verdict verdict={rule.verdict} />
      <div>
        <p><bdi>{rule.says}</bdi></p>
        <p className="muted"><bdi>{rule.found}</bdi>{rule.interval !== null && rule.interval !== undefined && <> ({intervalText(rule.interval)})</>}</p>
        {rule.enough !== null && rule.enough !== undefined && <p>{rule.verdict === "fail" ? "To pass" : "Enough would be"}: <bdi>{rule.enough}</bdi></p>}
        {rule.slices !== undefined && rule.slices.length > 0 && <Slices slices={rule.slices} />}
      </div>
    </li>
  );
}

function Verdict({ verdict }: { verdict: GateReport["verdict"] }) {
  const { sign, word } = VERDICTS[verdict];
  return <span className={styles["verdict"]}><span aria-hidden="true">{sign} </span>{word}</span>;
}

function Slices({ slices }: { slices: NonNullable<RuleResult["slices"]> }) {
  const bad = slices.filter(({ verdict }) => verdict !== "pass").length;
  return (
    <details open={bad > 0 && slices.length <= 8}>
      <summary>{plural(slices.length, "slice")}{bad > 0 && `, ${String(bad)} of them not passed`}</summary>
      <ul>
        {slices.map(({ name, verdict, says, interval }) => (
          <li key={name} className={styles["gate"]} data-verdict={verdict}>
            <Verdict verdict={verdict} />
            <p><bdi>{name}</bdi>: <bdi>{says}</bdi>{interval !== null && <> ({intervalText(interval)})</>}</p>
          </li>
        ))}
      </ul>
    </details>
  );
}
