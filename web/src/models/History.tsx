/** Entries of the trail, in words: who did what, when and why. */

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { AuditEntry } from "../api";
import { plural } from "../format";
import { Ago } from "../parts/Time";
import { AliasChip } from "./AliasChip";
import { modelChange, versionChange } from "./changes";
import styles from "./ModelsPage.module.css";

type Props = { entries: readonly AuditEntry[]; isAcrossModels?: boolean; action?: (entry: AuditEntry) => ReactNode };

export function History({ entries, isAcrossModels = false, action }: Props) {
  return (
    <ol aria-label="History">
      {entries.map((entry) => (
        <li key={entry.id} className={styles["entry"]}>
          <Ago ms={entry.time_ms} />
          <span className="sentence">
            {entry.imported
              ? <><strong>{entry.actor}</strong> imported that <strong><bdi>{entry.imported.by}</bdi></strong> <Act entry={entry} isAcrossModels={isAcrossModels} /> <Ago ms={entry.imported.time_ms} /></>
              : <><strong>{entry.actor}</strong> <Act entry={entry} isAcrossModels={isAcrossModels} /></>}
          </span>
          <span className={styles["reason"]}>{entry.reason}</span>
          <span className="muted">{circumstancesOf(entry)}</span>
          {action?.(entry)}
        </li>
      ))}
    </ol>
  );
}

function Act({ entry, isAcrossModels }: { entry: AuditEntry; isAcrossModels: boolean }) {
  const model = isAcrossModels ? <> of <ModelLink name={entry.model} /></> : null;
  switch (entry.action) {
    case "model.created":
      return <>created the model {isAcrossModels && <ModelLink name={entry.model} />}</>;
    case "model.changed":
      return isAcrossModels ? <>{modelChange(entry)} <ModelLink name={entry.model} /></> : <>{modelChange(entry)} the model</>;
    case "version.changed":
      return <>{versionChange(entry)} <Version entry={entry} version={entry.to_version} />{model}</>;
    case "version.deleted":
      return <>deleted v{entry.from_version}{model}</>;
    case "version.verified":
      return <>verified <Version entry={entry} version={entry.to_version} />{model}: {entry.outcome === "pass" ? "it passed" : "it failed"}</>;
    case "version.registered":
      return <>registered <Version entry={entry} version={entry.to_version} />{model}</>;
    case "alias.moved":
      return <>moved <AliasChip alias={entry.alias ?? ""} />{model} <Move entry={entry} /></>;
    case "alias.rolled_back":
      return <>rolled <AliasChip alias={entry.alias ?? ""} />{model} back <Move entry={entry} /></>;
    case "alias.removed":
      return <>removed <AliasChip alias={entry.alias ?? ""} />{model} from <Version entry={entry} version={entry.from_version} /></>;
    case "proposal.opened":
      return <>proposed <Version entry={entry} version={entry.to_version} />{model} for <AliasChip alias={entry.alias ?? ""} /></>;
    case "proposal.approved":
      return <>approved <Version entry={entry} version={entry.to_version} />{model} for <AliasChip alias={entry.alias ?? ""} /></>;
    case "proposal.rejected":
      return <>rejected <Version entry={entry} version={entry.to_version} />{model} for <AliasChip alias={entry.alias ?? ""} /></>;
    case "proposal.withdrawn":
      return <>withdrew the proposal of <Version entry={entry} version={entry.to_version} />{model} for <AliasChip alias={entry.alias ?? ""} /></>;
    case "rules.changed":
      return <>changed the rules{model}</>;
  }
}

/** Under which circumstances an alias was moved: what the rules said, and who approved it. */
function circumstancesOf({ gates = [], is_override, approved_by = [], proposal }: AuditEntry): string {
  const passed = gates.filter(({ verdict }) => verdict === "pass").length;
  const told = [
    gates.length > 0 && `${String(passed)} of ${plural(gates.length, "rule")} passed`,
    is_override === true && "promoted anyway",
    approved_by.length > 0 && `approved by ${approved_by.join(", ")}`,
    typeof proposal === "number" && `proposal ${String(proposal)}`,
  ];
  return told.filter((one) => one !== false).join(" · ");
}

function Move({ entry }: { entry: AuditEntry }) {
  if (entry.from_version === null) return <>to <Version entry={entry} version={entry.to_version} /></>;
  return (
    <>
      <Version entry={entry} version={entry.from_version} /> → <Version entry={entry} version={entry.to_version} />
    </>
  );
}

function Version({ entry, version }: { entry: AuditEntry; version: number | null }) {
  if (version === null) return null;
  return <Link to="/models/$name/$version" params={{ name: entry.model, version: String(version) }}>v{version}</Link>;
}

const ModelLink = ({ name }: { name: string }) => (
  <Link to="/models/$name" params={{ name }}><bdi>{name}</bdi></Link>
);
