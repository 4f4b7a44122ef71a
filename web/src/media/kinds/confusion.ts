/** Confusion matrices: shares by row or column, the difference of two, and which classes are worth a look. Pure. */

import { formatCount, formatNumber, plural } from "../../format";
import type { ConfusionMatrix } from "./details";

export type Normalising = "none" | "row" | "column";
export const NORMALISINGS: Record<Normalising, string> = { none: "counts", row: "shares of the actual class", column: "shares of the predicted class" };

/** `values` are counts, or shares from 0 to 1. Of a difference they are signed: this run less the other. */
export type Matrix = { labels: readonly string[]; values: readonly (readonly number[])[]; isShare: boolean; isDifference: boolean };

/** What is divided by nothing is 0. */
export function normalised({ labels, counts }: Pick<ConfusionMatrix, "labels" | "counts">, by: Normalising): Matrix {
  const rows = counts.map((row) => sum(row));
  const columns = labels.map((_, column) => sum(counts.map((row) => row[column] ?? 0)));
  const divisor = (row: number, column: number) => (by === "none" ? 1 : ((by === "row" ? rows[row] : columns[column]) ?? 0) || 1);
  return { labels, values: counts.map((row, actual) => row.map((count, predicted) => count / divisor(actual, predicted))), isShare: by !== "none", isDifference: false };
}

/** Of the classes that both have, by their labels. */
export function difference(one: Matrix, other: Matrix): Matrix {
  const places = new Map(other.labels.map((label, index) => [label, index]));
  const common = one.labels.flatMap((label, index) => (places.has(label) ? [{ label, index, there: places.get(label) ?? 0 }] : []));
  const values = common.map((row) => common.map((column) => (one.values[row.index]?.[column.index] ?? 0) - (other.values[row.there]?.[column.there] ?? 0)));
  return { labels: common.map(({ label }) => label), values, isShare: one.isShare, isDifference: true };
}

/** The places of the classes to show: those whose label has the text, and of more than `most` those with most mistakes. */
export function classesShown({ labels, counts }: Pick<ConfusionMatrix, "labels" | "counts">, text: string, most: number): number[] {
  const wanted = text.trim().toLowerCase();
  const found = labels.flatMap((label, index) => (label.toLowerCase().includes(wanted) ? [index] : []));
  if (found.length <= most) return found;
  const mistakes = labels.map((_, index) => sum(counts[index] ?? []) + sum(counts.map((row) => row[index] ?? 0)) - 2 * (counts[index]?.[index] ?? 0));
  return found.sort((a, b) => (mistakes[b] ?? 0) - (mistakes[a] ?? 0)).slice(0, most).sort((a, b) => a - b);
}

export const only = ({ labels, values, ...rest }: Matrix, places: readonly number[]): Matrix => ({
  ...rest,
  labels: places.map((place) => labels[place] ?? ""),
  values: places.map((row) => places.map((column) => values[row]?.[column] ?? 0)),
});

export const largestOf = ({ values }: Matrix): number => values.flat().reduce((most, value) => Math.max(most, Math.abs(value)), 0);

export function cellText({ isShare, isDifference }: Matrix, value: number): string {
  const sign = isDifference && value > 0 ? "+" : "";
  if (isShare) return `${sign}${formatNumber(Math.round(value * 1000) / 10)} %`;
  return Number.isInteger(value) && value >= 0 ? `${sign}${formatCount(value)}` : `${sign}${formatNumber(value)}`;
}

/** What a cell says to who does not see it. */
export function cellName(matrix: Matrix, row: number, column: number): string {
  const value = cellText(matrix, matrix.values[row]?.[column] ?? 0);
  return `actual ${matrix.labels[row] ?? ""}, predicted ${matrix.labels[column] ?? ""}: ${value}`;
}

/** The examples of a cell, in the filter language of tables. A text in JSON is one there. */
export const cellFilter = (actual: string, predicted: string) => `actual == ${JSON.stringify(actual)} and predicted == ${JSON.stringify(predicted)}`;

/** "94.2 % of 1,000 right". */
export function summaryOf({ labels, counts }: Pick<ConfusionMatrix, "labels" | "counts">): string {
  const total = sum(counts.map(sum));
  const right = sum(labels.map((_, index) => counts[index]?.[index] ?? 0));
  return total === 0 ? "no examples" : `${formatNumber(Math.round((right / total) * 1000) / 10)} % of ${formatCount(total)} right, ${plural(labels.length, "class", "classes")}`;
}

/** Precision and recall of each class; null where nothing is there to divide by. */
export function scoresOf({ labels, counts }: Pick<ConfusionMatrix, "labels" | "counts">): { label: string; actual: number; predicted: number; precision: number | null; recall: number | null }[] {
  return labels.map((label, index) => {
    const [actual, predicted, right] = [sum(counts[index] ?? []), sum(counts.map((row) => row[index] ?? 0)), counts[index]?.[index] ?? 0];
    return { label, actual, predicted, precision: predicted === 0 ? null : right / predicted, recall: actual === 0 ? null : right / actual };
  });
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
