/** How a version stands as a bundle: verified, failed, changed or not verified, and what it lacks. */

import { useQuery } from "@tanstack/react-query";
import type { BundleState } from "../api";
import { formatMoment } from "../format";
import { Ago } from "../parts/Time";
import { queries } from "../queries";
import styles from "./Bundle.module.css";
import { standingOf } from "./words";

/** With its date where there is room for it. */
export function ProofBadge({ state, isDated = false }: { state: BundleState; isDated?: boolean }) {
  const { tone, sign, word, at, says } = standingOf(state);
  return (
    <span className={styles["badge"]} data-tone={tone} title={at === null ? says : `${says} ${formatMoment(at)}`}>
      <span aria-hidden="true">{sign} </span>{word}{isDated && at !== null && <> <Ago ms={at} /></>}
    </span>
  );
}

/** What it says it has, and has no file for. */
export function Lacks({ state: { missing_roles } }: { state: Pick<BundleState, "missing_roles"> }) {
  return missing_roles.slice(0, MOST_LACKED).map((role) => (
    <span key={role} className={styles["badge"]} data-tone="bad" title={`Its tracker.yaml declares the role ${role}, and no file has it: it cannot be promoted.`}>
      <span aria-hidden="true">✕ </span>lacks <bdi>{role}</bdi>
    </span>
  ));
}

const MOST_LACKED = 3;

/** Nothing for a version that is no bundle. */
export function VersionProof({ model, version, isAsked = true }: { model: string; version: number; isAsked?: boolean }) {
  const state = useQuery({ ...queries.bundles(model), enabled: isAsked }).data?.bundles.find((one) => one.version === version);
  if (state === undefined) return null;
  return <span className={styles["badges"]}><ProofBadge state={state} /><Lacks state={state} /></span>;
}
