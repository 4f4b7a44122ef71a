/** The text of rules: what can be put into it, and where. Pure. */

export type Template = { label: string; text: string };

/** Each is a whole rule, to be changed by hand. */
export const TEMPLATES: readonly Template[] = [
  { label: "A metric against a bound", text: "  - metric: val/acc\n    at_least: 0.77\n" },
  { label: "Not worse than what is there", text: "  - metric: val/acc\n    goal: max\n    not_worse_by: 0.005\n" },
  { label: "Better, shown by several seeds", text: "  - metric: val/acc\n    goal: max\n    better_by: 0.005\n    evidence: {seeds: 3}\n" },
  { label: "Better, shown by examples", text: "  - metric: correct\n    goal: max\n    better_by: 0\n    evidence: {examples: 500}\n" },
  { label: "No slice worse", text: "  - slices: val/acc/*\n    goal: max\n    not_worse_by: 0.02\n" },
  { label: "Evaluated on registered data", text: "  - data: {evaluated_on: imagenet-val:v1}\n" },
  { label: "Size of the files", text: "  - size: {at_most: 100 MB}\n" },
  { label: "Tags that it must have", text: "  - tags: [reviewed]\n" },
  { label: "Fields of the model card", text: "  - card: [intended_use, limitations]\n" },
  { label: "Files that must be there", text: "  - files: [\"*.safetensors\"]\n" },
  { label: "Verified not long ago", text: "  - verified: {within_days: 30}\n" },
];

const LIST = /^rules:[ \t]*(#.*)?$/m;

/** The text with a rule more, at the end of its list; the list is begun where there is none. */
export function withRule(text: string, rule: string): string {
  const whole = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  return LIST.test(whole) ? `${whole}${rule}` : `${whole}rules:\n${rule}`;
}

/** Where a line begins and ends, counted from 1: what to select to show it. */
export function lineSpan(text: string, line: number): [number, number] {
  const lines = text.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return [start, start + (lines[line - 1]?.length ?? 0)];
}
