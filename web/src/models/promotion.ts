/** What the promote dialog is about, what it says of a change, and what its button does. Pure. */

import type { GateReport, PromotionPreview, Role } from "../api";
import { formatChange, formatNumber } from "../format";

/** A version of a model, or an artifact version that would become its next one. */
export type Target = { project: string; alias: string } & (
  | { kind: "version"; model: string; version: number }
  | { kind: "artifact"; artifactVersion: number; suggestedModel: string }
);

export const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** What the server allows as a name, made from what the artifact is called. */
export function modelNameFrom(artifact: string): string {
  const name = artifact.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(0, 128);
  return name === "" ? "model" : name;
}

/** What pressing the button does. `needs` is the role that it takes; `hindrance` is why nobody may do it as things are. */
export type Step = { kind: "promote" | "propose"; label: string; needs: Role; isOverride: boolean; hindrance: string | null };

/** Rules that do not pass refuse a promotion, and hinder nobody from asking for one. */
export function stepOf(preview: PromotionPreview, { isOverriding }: { isOverriding: boolean }): Step {
  const hindrance = barOf(preview) ?? preview.obstacle ?? (isThereAlready(preview) ? `${named(preview)} holds ${preview.alias} already.` : null);
  if (preview.approval.needed > 0) return { kind: "propose", label: "Request approval", needs: "editor", isOverride: false, hindrance };
  if (isPassed(preview.gates)) return { kind: "promote", label: promoteLabel(preview), needs: "promoter", isOverride: false, hindrance };
  if (isOverriding) return { kind: "promote", label: "Promote anyway", needs: "admin", isOverride: true, hindrance };
  return { kind: "promote", label: promoteLabel(preview), needs: "promoter", isOverride: false, hindrance: hindrance ?? gateSentence(preview.gates) };
}

/** Why a version cannot be promoted, whoever says so: its bundle lacks a role, or its files have changed. */
export const barOf = ({ barred_by }: Pick<PromotionPreview, "barred_by">): string | null => (barred_by === null ? null : /[.!?]$/.test(barred_by) ? sentence(barred_by) : `${sentence(barred_by)}.`);

/** Names of versions begin small, as they do everywhere. */
const sentence = (text: string) => (/^v[0-9]/.test(text) ? text : `${text.charAt(0).toUpperCase()}${text.slice(1)}`);

export const isPassed = (gates: GateReport | null): boolean => gates === null || gates.verdict === "pass";

/** What hinders a promotion, in a sentence; "" where nothing does. */
export function gateSentence(gates: GateReport | null): string {
  const failed = gates?.rules.filter(({ verdict }) => verdict === "fail").length ?? 0;
  const open = gates?.rules.filter(({ verdict }) => verdict === "not_enough_evidence").length ?? 0;
  const said = [
    failed === 0 ? null : failed === 1 ? "A gate fails" : `${String(failed)} gates fail`,
    open === 0 ? null : open === 1 ? "one has not enough evidence" : `${String(open)} have not enough evidence`,
  ].filter((part) => part !== null);
  if (said.length === 0) return "";
  const text = said.join(", ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function promoteLabel(preview: PromotionPreview): string {
  return `${preview.candidate === null ? "Register and promote" : "Promote"} ${named(preview)}`;
}

export const candidateVersion = (preview: PromotionPreview): number => preview.candidate?.version ?? preview.next_version;
const named = (preview: PromotionPreview): string => `v${String(candidateVersion(preview))}`;

/** Moving an alias to where it is would record nothing. */
const isThereAlready = (preview: PromotionPreview): boolean => preview.candidate !== null && preview.candidate.version === preview.holder?.version;

/** "digits production: v1 → v2" */
export const movedText = ({ model, alias, replaced, version }: { model: string; alias: string; replaced: number | null; version: number }): string =>
  `${model} ${alias}: ${replaced === null ? "" : `v${String(replaced)} → `}v${String(version)}`;

type Metric = PromotionPreview["metrics"][number];

/** The metrics that the rules and the model name, or else those that come first; and all others. */
export function splitMetrics(metrics: readonly Metric[], most: number): { first: Metric[]; others: Metric[] } {
  const rank = ({ is_gated, is_main, goal }: Metric) => (is_gated ? 4 : 0) + (is_main ? 2 : 0) + (goal === null ? 0 : 1);
  const sorted = metrics.toSorted((a, b) => rank(b) - rank(a));
  const count = Math.max(most, sorted.filter((one) => one.is_gated || one.is_main).length);
  return { first: sorted.slice(0, count), others: sorted.slice(count) };
}

const SIGNS = { better: "✓", worse: "✕", same: "", changed: "" } as const;

/** "+1.2 %", the sign and the word of a change; null where there is nothing to compare. */
export function changeOf({ change, relative }: Pick<Metric, "change" | "relative">): { amount: string; sign: string; word: string } | null {
  if (change === null) return relative === null ? null : { amount: formatChange(relative), sign: "", word: "" };
  if (change === "same") return { amount: "=", sign: "", word: "same" };
  return { amount: relative === null ? "" : formatChange(relative), sign: SIGNS[change], word: change };
}

/** "0.781 ± 0.004, 5 seeds"; null of a single one. */
export function spreadText(spread: Metric["holder_spread"]): string | null {
  if (spread === null || spread.count < 2) return null;
  return `${formatNumber(spread.mean)} ± ${formatNumber(Number(spread.deviation.toPrecision(2)))}, ${String(spread.count)} seeds`;
}

export const VERDICTS = {
  pass: { sign: "✓", word: "passes" },
  fail: { sign: "✕", word: "fails" },
  not_enough_evidence: { sign: "?", word: "not enough evidence" },
} as const;

/** "3 of 4" */
export const passedText = (verdicts: readonly GateReport["verdict"][]): string =>
  `${String(verdicts.filter((verdict) => verdict === "pass").length)} of ${String(verdicts.length)}`;

type Interval = NonNullable<GateReport["rules"][number]["interval"]>;

/** How sure one may be of a difference, in words. */
export function intervalText({ low, high, confidence, source, candidate_count, holder_count }: Interval): string {
  const counts = `${String(candidate_count)} against ${String(holder_count)} ${source}`;
  if (low === null || high === null) return `too few for an interval: ${counts}`;
  return `better by between ${signed(low)} and ${signed(high)}, ${formatNumber(confidence * 100)} %, ${counts}`;
}

const signed = (value: number): string => `${value > 0 ? "+" : ""}${formatNumber(Number(value.toPrecision(3)))}`;

/** Runs of both versions whose code can be compared: the holder's and the candidate's. */
export function bothRuns(preview: PromotionPreview): [string, string] | null {
  const before = preview.holder?.run ?? null;
  const after = preview.candidate_run;
  return before === null || after === null || before === after ? null : [before, after];
}

/** Why what an alias holds cannot be archived or deleted, naming all that it holds. */
export function heldReason({ version, aliases }: { version: number; aliases: readonly string[] }, what: "archived" | "deleted"): string | undefined {
  if (aliases.length === 0) return undefined;
  return `v${String(version)} holds ${aliases.join(" and ")}, so it cannot be ${what}. Move ${aliases.length === 1 ? "that" : "those"} to another version first.`;
}
