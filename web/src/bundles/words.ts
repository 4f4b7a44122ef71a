/** What a bundle is and what verifying it found, in words. Pure. */

import type { BundleField, BundleForm, BundleState, Manifest, Verification } from "../api";
import { formatBytes, formatDuration, formatNumber } from "../format";

/** `at` is when it was found out, null where nothing was. `says` is the whole of it, for who points at it. */
export type Standing = { tone: "good" | "bad" | "none"; sign: string; word: string; at: number | null; says: string };

/** How a version stands by its newest verification. */
export function standingOf({ proof }: Pick<BundleState, "proof">): Standing {
  if (proof === null) return { tone: "none", sign: "?", word: "Not verified", at: null, says: "Nobody has verified it yet." };
  return { ...verdictOf(proof), at: proof.time_ms, says: saysOf(proof) };
}

/** The sign and the word of one verification. */
export function verdictOf({ outcome, checked, problems }: Pick<Verification, "outcome" | "checked" | "problems">): Pick<Standing, "tone" | "sign" | "word"> {
  if (outcome === "pass") return { tone: "good", sign: "✓", word: checked === "replay" ? "Verified" : "Files verified" };
  return { tone: "bad", sign: "✕", word: (problems ?? []).length > 0 ? "Files changed" : "Failed" };
}

/** So many files are named in a sentence. */
const MOST_NAMED = 3;

function saysOf(proof: Verification): string {
  const paths = (proof.problems ?? []).map(({ path }) => path);
  const named = paths.slice(0, MOST_NAMED).join(", ") + (paths.length > MOST_NAMED ? ` and ${String(paths.length - MOST_NAMED)} more` : "");
  if (proof.outcome === "pass") return proof.checked === "replay" ? "Its example was run, and gave what is stored." : "Its files are those that it was registered with; its example was not run.";
  const message = proof.message ?? "";
  return [named === "" ? "" : `No longer what it was: ${named}.`, message].filter((part) => part !== "").join(" ") || "It failed.";
}

export const KINDS: Record<Manifest["kind"], string> = {
  torch: "PyTorch", sklearn: "scikit-learn", pickle: "pickle", onnx: "ONNX", python: "Python class", files: "files alone",
};

export const FORMS: Record<BundleForm["kind"], { name: string; note: string }> = {
  onnx: { name: "ONNX", note: "runs with onnxruntime alone" },
  torch_export: { name: "torch.export", note: "runs with PyTorch, without the class" },
  torch: { name: "PyTorch", note: "state dict and the source of its class; runs code of the bundle" },
  pickle: { name: "pickle", note: "does whatever is in it: loaded with allow_pickle=True alone" },
  python: { name: "Python class", note: "runs code of the bundle" },
  loader: { name: "loader", note: "a function that makes the model of the files; runs code of the bundle" },
};

/** "batch × 4", "any × 3"; of one value "one value". */
export function shapeText(shape: BundleField["shape"]): string {
  if (shape === undefined || shape.length === 0) return "one value";
  return shape.map((size) => (size === null ? "any" : String(size))).join(" × ");
}

/** How far a form's outputs are from those of the model that was logged. */
export const differenceText = (difference: number | null | undefined): string =>
  difference === null || difference === undefined ? "not measured" : difference === 0 ? "none" : `at most ${formatNumber(difference)}`;

/** "load 820 ms", "p50 3 ms"; what was not measured is left out. */
export function measuredOf({ load_ms, latency_p50_ms, latency_p99_ms, peak_memory_bytes, max_difference }: Verification): Record<"load" | "p50" | "p99" | "memory" | "difference", string | null> {
  return {
    load: told(load_ms, quick),
    p50: told(latency_p50_ms, quick),
    p99: told(latency_p99_ms, quick),
    memory: told(peak_memory_bytes, formatBytes),
    difference: told(max_difference, (value) => (value === 0 ? "none" : formatNumber(value))),
  };
}

const told = (value: number | null | undefined, format: (value: number) => string): string | null => (value === null || value === undefined ? null : format(value));

/** A latency has fractions of a millisecond that matter. */
export const quick = (ms: number): string => (ms < 100 ? `${formatNumber(Number(ms.toPrecision(3)))} ms` : formatDuration(ms));

/** The lock of all forms together: each line once, with the forms that need it where not all do. */
export function lockOf(forms: readonly BundleForm[]): { line: string; of: string[] }[] {
  const lines = new Map<string, string[]>();
  for (const { kind, packages } of forms) {
    for (const line of packages ?? []) lines.set(line, [...(lines.get(line) ?? []), FORMS[kind].name]);
  }
  const all = forms.filter(({ packages }) => (packages ?? []).length > 0).length;
  return [...lines].map(([line, of]) => ({ line, of: of.length === all ? [] : of })).sort((a, b) => (a.line < b.line ? -1 : 1));
}

/** Paths of the files that no role names. */
export function filesWithoutRole({ roles = {}, files = [], references = [] }: Manifest): string[] {
  const named = new Set(Object.values(roles).flat());
  return [...files, ...references].map(({ path }) => path).filter((path) => !named.has(path));
}
