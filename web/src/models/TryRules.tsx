/** What the rules, as they stand in the field, would say of a version; nothing is kept of it. */

import { useState } from "react";
import { type GateReport, type ModelDetail, api, reasonOf } from "../api";
import { GateList } from "./GateList";
import styles from "./RulesPage.module.css";

type Props = { model: ModelDetail; text: string; protectedAliases: readonly string[]; isUnderstood: boolean };

export function TryRules({ model, text, protectedAliases, isUnderstood }: Props) {
  const [version, setVersion] = useState(model.latest_version);
  const [alias, setAlias] = useState("production");
  const [report, setReport] = useState<{ text: string; gates: GateReport } | null>(null);
  const [error, setError] = useState<string | null>(null);
  if (version === null) return null;
  const tryOut = async () => {
    setError(null);
    try {
      setReport({ text, gates: await api.evaluate(model.name, { candidate: `v${String(version)}`, against: alias, rules: text }) });
    } catch (failure) {
      setReport(null);
      setError(reasonOf(failure));
    }
  };
  return (
    <section aria-label="Try the rules" className={styles["try"]}>
      <h2>Try</h2>
      <div className={styles["tools"]}>
        <select aria-label="Version to try on" value={version} onChange={(event) => { setVersion(Number(event.target.value)); }}>
          {model.versions.map((one) => <option key={one.version} value={one.version}>v{one.version}</option>)}
        </select>
        <select aria-label="Alias to try for" value={alias} onChange={(event) => { setAlias(event.target.value); }}>
          {[...new Set(["production", ...protectedAliases])].map((one) => <option key={one} value={one}>{one}</option>)}
        </select>
        <button type="button" disabled={!isUnderstood} onClick={() => void tryOut()}>Try on v{version}</button>
      </div>
      {error !== null && <p role="alert">{error}</p>}
      {report !== null && report.text !== text && <p className="muted">The text has changed since.</p>}
      {report !== null && <GateList gates={report.gates} />}
    </section>
  );
}
