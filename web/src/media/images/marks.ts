/**
 * What is marked in images: boxes, and the classes of masks, which are shown and hidden by class. Details were written by
 * whoever logged them, so every field is checked, and what is no box or mask is left out. Pure.
 */

export type Box = { box: readonly [number, number, number, number]; label: string; score: number | null; group: string };
export type Mask = { name: string; classes: ReadonlyMap<number, string> };
export type ImageDetails = { width: number | null; height: number | null; boxes: readonly Box[]; masks: readonly Mask[] };

/** Which classes are hidden, by their keys, and which boxes for their score. */
export type Marking = { hidden: ReadonlySet<string>; threshold: number };

export const NO_MARKING: Marking = { hidden: new Set(), threshold: 0 };

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : []);
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

export function readImage(details: unknown): ImageDetails {
  const fields = isFields(details) ? details : {};
  return {
    width: isNumber(fields["width"]) && fields["width"] > 0 ? fields["width"] : null,
    height: isNumber(fields["height"]) && fields["height"] > 0 ? fields["height"] : null,
    boxes: listOf(fields["boxes"]).flatMap(boxOf),
    masks: listOf(fields["masks"]).flatMap(maskOf),
  };
}

function boxOf(value: unknown): Box[] {
  if (!isFields(value)) return [];
  const [left, top, right, bottom, ...rest] = listOf(value["box"]);
  if (!isNumber(left) || !isNumber(top) || !isNumber(right) || !isNumber(bottom) || rest.length > 0) return [];
  return [{ box: [left, top, right, bottom], label: textOf(value["label"]), score: isNumber(value["score"]) ? value["score"] : null, group: textOf(value["group"]) }];
}

function maskOf(value: unknown): Mask[] {
  if (!isFields(value) || typeof value["name"] !== "string") return [];
  const classes = Object.entries(isFields(value["classes"]) ? value["classes"] : {}).map(([id, label]) => [Number(id), textOf(label)] as const);
  return [{ name: value["name"], classes: new Map(classes.filter(([id]) => Number.isInteger(id) && id > 0)) }];
}

export const boxKey = ({ group, label }: Pick<Box, "group" | "label">): string => `box ${group} ${label}`;
export const maskKey = (name: string, id: number): string => `mask ${name} ${String(id)}`;

export const isBoxShown = (box: Box, { hidden, threshold }: Marking): boolean => !hidden.has(boxKey(box)) && (box.score === null || box.score >= threshold);

export type LegendEntry = { key: string; label: string; of: string; count: number | null; hue: number };

/** Every class that is in some of the images, boxes with how many there are, in the order in which they are met. */
export function legendOf(images: readonly ImageDetails[], threshold: number): LegendEntry[] {
  const entries = new Map<string, LegendEntry>();
  for (const { boxes, masks } of images) {
    for (const box of boxes) {
      const key = boxKey(box);
      const entry = entries.get(key) ?? { key, label: box.label === "" ? "no label" : box.label, of: box.group, count: 0, hue: hueOf(box.label) };
      entries.set(key, { ...entry, count: (entry.count ?? 0) + (box.score === null || box.score >= threshold ? 1 : 0) });
    }
    for (const { name, classes } of masks) {
      for (const [id, label] of classes) entries.set(maskKey(name, id), { key: maskKey(name, id), label: label === "" ? `class ${String(id)}` : label, of: name, count: null, hue: hueOf(label === "" ? String(id) : label) });
    }
  }
  return [...entries.values()];
}

export const hasScores = (images: readonly ImageDetails[]): boolean => images.some(({ boxes }) => boxes.some(({ score }) => score !== null));

/** A class has one colour everywhere: that of its name. */
export function hueOf(label: string): number {
  let hash = 7;
  for (const letter of label) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  return hash % 10;
}

export function toggled({ hidden, threshold }: Marking, key: string): Marking {
  const next = new Set(hidden);
  if (!next.delete(key)) next.add(key);
  return { hidden: next, threshold };
}
