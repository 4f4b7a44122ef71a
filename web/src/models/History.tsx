/** Entries of the trail, in words: who did what, when and why. */

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { AuditEntry } from "../api";
import { Ago } from "../parts/Time";
import { AliasChip } from "./AliasChip";
import styles from "./ModelsPage.module.css";

type Props = { entries: readonly AuditEntry[]; isAcrossModels?: boolean; action?: (entry: AuditEntry) => ReactNode };

export function History({ entries, isAcrossModels = false, action }: Props) {
  return (
    <ol aria-label="History">
      {entries.map((entry) => (
        <li key={entry.id} className={styles["entry"]}>
          <Ago ms={entry.time_ms} />
          <span className="sentence">
            <strong>{entry.actor}</strong> <Act entry={entry} isAcrossModels={isAcrossModels} />
          </span>
          <span className={styles["reason"]}>{entry.reason}</span>
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
    case "version.registered":
      return <>registered <Version entry={entry} version={entry.to_version} />{model}</>;
    case "alias.moved":
      return <>moved <AliasChip alias={entry.alias ?? ""} />{model} <Move entry={entry} /></>;
    case "alias.rolled_back":
      return <>rolled <AliasChip alias={entry.alias ?? ""} />{model} back <Move entry={entry} /></>;
    case "alias.removed":
      return <>removed <AliasChip alias={entry.alias ?? ""} />{model} from <Version entry={entry} version={entry.from_version} /></>;
  }
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
