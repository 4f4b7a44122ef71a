/**
 * What a person types for the inputs of a signature, read as `POST /predictions` takes it. Pure.
 *
 * What is sent is the text itself, not numbers read from it: an integer of 64 bits would lose its last digits.
 */

import type { BundleField, Signature } from "../api";
import { formatCount, plural } from "../format";
import { shapeText } from "./words";

export type Kind = "number" | "text" | "boolean" | "json" | "array";

export function kindOf({ dtype, shape = [] }: Pick<BundleField, "dtype" | "shape">): Kind {
  if (dtype === "json") return "json";
  if (shape.length > 0) return "array";
  return dtype === "string" ? "text" : dtype === "bool" ? "boolean" : "number";
}

export type Texts = ReadonlyMap<string, string>;
/** JSON by field, or why there is none, by field. */
export type Read = { kind: "ready"; inputs: [name: string, json: string][] } | { kind: "wrong"; errors: Map<string, string> };

/** All fields together: a size that has a name is the same wherever the name stands. */
export function readInputs({ inputs }: Signature, texts: Texts): Read {
  const sizes = new Map<string, { size: number; field: string }>();
  const errors = new Map<string, string>();
  const ready = inputs.map((field): [string, string] => {
    try {
      return [field.name, readField(field, texts.get(field.name) ?? "", sizes)];
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      errors.set(field.name, error.message);
      return [field.name, ""];
    }
  });
  return errors.size > 0 ? { kind: "wrong", errors } : { kind: "ready", inputs: ready };
}

/** What is wrong with a field, as a sentence. */
class Wrong extends Error {}

type Sizes = Map<string, { size: number; field: string }>;

function readField(field: BundleField, text: string, sizes: Sizes): string {
  const kind = kindOf(field);
  if (kind === "text") return JSON.stringify(text);
  const typed = text.trim();
  if (typed === "") throw new Wrong(`Give ${expectedOf(field)}.`);
  if (kind === "number" && SPECIAL.has(typed)) return checkedLeaf(field, typed, "", JSON.stringify(typed));
  const value = parsed(typed);
  if (kind === "array") checkArray(field, value, sizes);
  else if (kind !== "json") checkedLeaf(field, value, "", typed);
  return typed;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const hint = /\b(?:NaN|Infinity)\b/.test(text.replace(/"[^"]*"/g, "")) ? ' Write "NaN", "Infinity" and "-Infinity" in quotes.' : "";
    throw new Wrong(`This is not JSON: ${error instanceof Error ? error.message : String(error)}.${hint}`.replace(/\.\.( |$)/, ".$1"));
  }
}

/** Every list is as long as its axis says and as the others of that axis are. */
function checkArray(field: BundleField, value: unknown, sizes: Sizes): void {
  const shape = field.shape ?? [];
  const lengths: (number | null)[] = shape.map((size) => (typeof size === "number" ? size : null));
  const visit = (part: unknown, axis: number, place: string) => {
    if (axis === shape.length) {
      checkedLeaf(field, part, place, "");
      return;
    }
    if (!Array.isArray(part)) throw new Wrong(`${named(place)} is ${saidOf(part)}; a list is expected there: ${expectedOf(field)}.`);
    const wanted = lengths[axis] ?? null;
    if (wanted !== null && part.length !== wanted) throw new Wrong(`${named(place)} has ${plural(part.length, "value")}, ${formatCount(wanted)} expected: ${expectedOf(field)}.`);
    lengths[axis] = part.length;
    part.forEach((one, index) => { visit(one, axis + 1, `${place}[${String(index)}]`); });
  };
  visit(value, 0, "");
  shape.forEach((name, axis) => {
    const size = lengths[axis];
    if (typeof name !== "string" || size === null || size === undefined) return;
    const known = sizes.get(name);
    if (known !== undefined && known.size !== size) throw new Wrong(`Its ${name} is ${formatCount(size)}, and that of ${known.field} is ${formatCount(known.size)}; they have to be the same.`);
    sizes.set(name, known ?? { size, field: field.name });
  });
}

const named = (place: string) => (place === "" ? "This" : place);

const SPECIAL: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity"]);

/** Answers `json` for a value that the field may have. */
function checkedLeaf({ dtype }: Pick<BundleField, "dtype">, value: unknown, place: string, json: string): string {
  const refuse = (expected: string): never => {
    throw new Wrong(`${named(place)} is ${saidOf(value)}; ${expected} is expected.`);
  };
  if (dtype === "string") return typeof value === "string" ? json : refuse("a text in quotes");
  if (dtype === "bool") return typeof value === "boolean" ? json : refuse("true or false");
  if (dtype === "json") return json;
  const range = INTEGERS[dtype];
  if (range === undefined) return typeof value === "number" || SPECIAL.has(value) ? json : refuse("a number");
  if (typeof value !== "number" || !Number.isInteger(value)) return refuse("a whole number");
  // beyond this the number that was read is not the one that was typed, and the model says what it takes
  if (Number.isSafeInteger(value) && (value < range[0] || value > range[1])) return refuse(`a whole number from ${String(range[0])} to ${String(range[1])}`);
  return json;
}

const INTEGERS: Partial<Record<BundleField["dtype"], readonly [number, number]>> = {
  int8: [-(2 ** 7), 2 ** 7 - 1], int16: [-(2 ** 15), 2 ** 15 - 1], int32: [-(2 ** 31), 2 ** 31 - 1], int64: [-(2 ** 63), 2 ** 63],
  uint8: [0, 2 ** 8 - 1], uint16: [0, 2 ** 16 - 1], uint32: [0, 2 ** 32 - 1], uint64: [0, 2 ** 64],
};

function saidOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return value.length > 40 ? "a long text" : JSON.stringify(value);
  return typeof value === "object" ? "an object" : "nothing";
}

/** "float32, batch × 4", "true or false". */
export function expectedOf({ dtype, shape = [] }: Pick<BundleField, "dtype" | "shape">): string {
  const word = dtype === "json" ? "any JSON" : dtype === "bool" ? "true or false" : dtype === "string" ? "text" : dtype;
  return shape.length === 0 ? word : `${word}, ${shapeText(shape)}`;
}

/** More than these nobody reads in a field. */
const MOST_FILLED = 64;

/** What stands in a field at first where no example is stored: zeros of its shape, with one for each free size. */
export function blankOf(field: BundleField): string {
  const { dtype, shape = [] } = field;
  const leaf = dtype === "string" ? '""' : dtype === "bool" ? "false" : dtype === "json" ? "null" : "0";
  if (kindOf(field) === "text") return "";
  if (kindOf(field) !== "array") return leaf;
  const sizes = shape.map((size) => (typeof size === "number" ? size : 1));
  if (sizes.reduce((product, size) => product * Math.max(size, 1), 1) > MOST_FILLED) return "";
  return sizes.reduceRight((inner, size) => `[${Array.from({ length: size }, () => inner).join(", ")}]`, leaf);
}

/** What is longer stays out of a field: to draw it takes a browser seconds. */
export const MOST_TEXT = 100_000;

/** Whether a whole number in it has more digits than JavaScript read of it. */
function losesDigits(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(losesDigits);
  if (typeof value === "object" && value !== null) return Object.values(value).some(losesDigits);
  return typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
}

/** What stands in the fields for a stored example; a field is left out that it has no value for, too long a one, or one
 * that was not read as it is stored. */
export function textsOf({ inputs }: Signature, example: unknown): Map<string, string> {
  if (typeof example !== "object" || example === null) return new Map();
  const values = new Map(Object.entries(example));
  const texts = inputs.flatMap((field): [string, string][] => {
    const value: unknown = values.get(field.name);
    if (value === undefined) return [];
    if (losesDigits(value)) return [];
    const text = kindOf(field) === "text" && typeof value === "string" ? value : rows(value);
    return text.length > MOST_TEXT ? [] : [[field.name, text]];
  });
  return new Map(texts);
}

/** JSON with a line for each part of the first axis. */
export function rows(value: unknown): string {
  if (!Array.isArray(value) || !value.some((one) => Array.isArray(one))) return spaced(value);
  return `[\n${value.map((one) => `  ${spaced(one)}`).join(",\n")}\n]`;
}

const spaced = (value: unknown): string => (Array.isArray(value) ? `[${value.map(spaced).join(", ")}]` : JSON.stringify(value));
