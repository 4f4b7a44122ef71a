/**
 * Reads what a piece of media says of itself, by the schema that client and server share (`client/tracker/kinds.py`). It
 * was written by whoever logged it, so every field is checked; what is no valid description is told and never drawn. Pure.
 */

export type Audio = { sampleRateHz: number | null; seconds: number | null; channels: number | null; peaks: readonly (readonly [number, number])[] };
export type Video = { format: "mp4" | "webm" | "gif" | "webp"; width: number | null; height: number | null; frames: number | null; fps: number | null };
export type Text = { format: "plain" | "markdown" | "code"; language: string };
export type Svg = { width: number | null; height: number | null };
export type Histogram = { edges: readonly number[]; counts: readonly number[]; nanCount: number; infiniteCount: number };
export type Curve = { label: string; x: readonly number[]; y: readonly number[]; thresholds: readonly number[]; area: number | null; positiveCount: number | null };
export type Curves = { curves: readonly Curve[] };
export type ConfusionMatrix = { labels: readonly string[]; counts: readonly (readonly number[])[]; hasExamples: boolean };
export const POINT_FIELDS = ["x", "y", "z", "r", "g", "b", "intensity", "class"] as const;
export type PointField = (typeof POINT_FIELDS)[number];
export type Object3D = { count: number; fields: readonly PointField[]; classes: ReadonlyMap<number, string> };

export type Read<Details> = { kind: "ready"; details: Details } | { kind: "unreadable"; reason: string };

class Unreadable extends Error {}

function fail(reason: string): never {
  throw new Unreadable(reason);
}

type Fields = Record<string, unknown>;
type Reader<Details> = (fields: Fields) => Details;

/** The readers of this module never throw: what cannot be read says why. */
const reader = <Details>(read: Reader<Details>) => (details: unknown): Read<Details> => {
  try {
    return { kind: "ready", details: read(fieldsOf(details, "the description")) };
  } catch (error) {
    if (error instanceof Unreadable) return { kind: "unreadable", reason: error.message };
    throw error;
  }
};

export const readAudio = reader((fields): Audio => ({
  sampleRateHz: maybeNumber(fields, "sample_rate_hz"),
  seconds: maybeNumber(fields, "seconds"),
  channels: maybeNumber(fields, "channels"),
  peaks: listOf(fields["peaks"] ?? [], "peaks").map((pair) => {
    const [low, high, ...rest] = numbersOf(pair, "peaks");
    return low === undefined || high === undefined || rest.length > 0 ? fail("peaks must be pairs of a least and a greatest amplitude") : [low, high] as const;
  }),
}));

export const readVideo = reader((fields): Video => ({
  format: oneOf(fields["format"], "format", ["mp4", "webm", "gif", "webp"]),
  width: maybeNumber(fields, "width"),
  height: maybeNumber(fields, "height"),
  frames: maybeNumber(fields, "frames"),
  fps: maybeNumber(fields, "fps"),
}));

export const readText = reader((fields): Text => ({
  format: oneOf(fields["format"] ?? "plain", "format", ["plain", "markdown", "code"]),
  language: textOf(fields["language"] ?? "", "language"),
}));

export const readSvg = reader((fields): Svg => ({ width: maybeNumber(fields, "width"), height: maybeNumber(fields, "height") }));

export const readHistogram = reader((fields): Histogram => {
  const edges = numbersOf(fields["edges"], "edges");
  const counts = numbersOf(fields["counts"], "counts");
  if (counts.length === 0 || edges.length !== counts.length + 1) fail(`a histogram of ${String(counts.length)} bins has one edge more, not ${String(edges.length)}`);
  if (edges.some((edge, index) => edge < (edges[index - 1] ?? -Infinity))) fail("the edges of a histogram must not fall");
  if (counts.some((count) => count < 0)) fail("the counts of a histogram must not be negative");
  return { edges, counts, nanCount: maybeNumber(fields, "nan_count") ?? 0, infiniteCount: maybeNumber(fields, "infinite_count") ?? 0 };
});

export const readCurves = reader((fields): Curves => ({ curves: listOf(fields["curves"], "curves").map(curveOf) }));

function curveOf(value: unknown): Curve {
  const fields = fieldsOf(value, "a curve");
  const [x, y, thresholds] = [numbersOf(fields["x"], "x"), numbersOf(fields["y"], "y"), numbersOf(fields["thresholds"] ?? [], "thresholds")];
  if (x.length !== y.length) fail(`a curve has as many x as y, not ${String(x.length)} and ${String(y.length)}`);
  return { label: textOf(fields["label"] ?? "", "label"), x, y, thresholds, area: maybeNumber(fields, "area"), positiveCount: maybeNumber(fields, "positive_count") };
}

export const readConfusionMatrix = reader((fields): ConfusionMatrix => {
  const labels = listOf(fields["labels"], "labels").map((label) => textOf(label, "labels"));
  const counts = listOf(fields["counts"], "counts").map((row) => numbersOf(row, "counts"));
  const isSquare = labels.length > 0 && counts.length === labels.length && counts.every((row) => row.length === labels.length);
  if (!isSquare) fail(`a confusion matrix of ${String(labels.length)} classes has as many rows, and columns in each`);
  return { labels, counts, hasExamples: fields["has_examples"] === true };
});

export const readObject3D = reader((fields): Object3D => {
  const names = listOf(fields["fields"], "fields").map((field) => oneOf(field, "fields", POINT_FIELDS));
  for (const needed of ["x", "y", "z"] as const) if (!names.includes(needed)) fail(`the points have no ${needed}`);
  const classes = Object.entries(fieldsOf(fields["classes"] ?? {}, "classes")).map(([id, name]) => [Number(id), textOf(name, "classes")] as const);
  return { count: maybeNumber(fields, "count") ?? fail("it is not said how many points there are"), fields: names, classes: new Map(classes) };
});

function fieldsOf(value: unknown, what: string): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : fail(`${what} is no object`);
}

const listOf = (value: unknown, what: string): readonly unknown[] => (Array.isArray(value) ? value : fail(`${what} is no list`));

const textOf = (value: unknown, what: string): string => (typeof value === "string" ? value : fail(`${what} is no text`));

function numbersOf(value: unknown, what: string): number[] {
  return listOf(value, what).map((item) => (typeof item === "number" && Number.isFinite(item) ? item : fail(`${what} holds what is no number`)));
}

function maybeNumber(fields: Fields, name: string): number | null {
  const value = fields[name] ?? null;
  if (value === null || (typeof value === "number" && Number.isFinite(value) && value >= 0)) return value;
  return fail(`${name} is no number`);
}

function oneOf<Choice extends string>(value: unknown, what: string, choices: readonly Choice[]): Choice {
  return choices.find((choice) => choice === value) ?? fail(`${what} must be one of ${choices.join(", ")}`);
}
