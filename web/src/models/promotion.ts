/** What the promote dialog is about, and what its button says. Pure. */

import type { PromotionPreview } from "../api";

/** A version of a model, or an artifact version that would become its next one. */
export type Target =
  | { kind: "version"; model: string; version: number; alias: string }
  | { kind: "artifact"; artifactVersion: number; suggestedModel: string; alias: string };

export const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** What the server allows as a name, made from what the artifact is called. */
export function modelNameFrom(artifact: string): string {
  const name = artifact.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(0, 128);
  return name === "" ? "model" : name;
}

export function promoteLabel(preview: PromotionPreview): string {
  if (preview.candidate === null) return `Register and promote v${String(preview.next_version)}`;
  return `Promote v${String(preview.candidate.version)}`;
}

export const candidateVersion = (preview: PromotionPreview): number => preview.candidate?.version ?? preview.next_version;

/** Moving an alias to where it is would record nothing. */
export const isThereAlready = (preview: PromotionPreview): boolean => preview.candidate !== null && preview.candidate.version === preview.holder?.version;

/** "digits production: v1 → v2" */
export const movedText = ({ model, alias, replaced, version }: { model: string; alias: string; replaced: number | null; version: number }): string =>
  `${model} ${alias}: ${replaced === null ? "" : `v${String(replaced)} → `}v${String(version)}`;
