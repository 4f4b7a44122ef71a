/** How lines are smoothed, as a choice: its kinds, its words, its form in the address, its place on a slider. Pure. */

import { readChoice, readNumber } from "../address";

const KINDS = ["time_ema", "ema", "mean", "gaussian"] as const;

export type SmoothingKind = (typeof KINDS)[number];

/** `amount` is a weight of the past below 1, the width in points, or the standard deviation in points; 0 is none. */
export type Smoothing = { kind: SmoothingKind; amount: number };

export const SMOOTHINGS: readonly { kind: SmoothingKind; label: string; title: string }[] = [
  { kind: "time_ema", label: "Time-weighted average", title: "Exponential moving average that counts distances along x" },
  { kind: "ema", label: "Exponential average", title: "Exponential moving average, point by point" },
  { kind: "mean", label: "Running mean", title: "Mean of the points around each" },
  { kind: "gaussian", label: "Gaussian", title: "Mean of the points around each, weighted by a bell curve" },
];

export const NOT_SMOOTHED: Smoothing = { kind: "time_ema", amount: 0 };

export const isSmoothing = ({ amount }: Smoothing) => amount > 0;

export const sameSmoothing = (a: Smoothing | null, b: Smoothing | null) => a?.kind === b?.kind && a?.amount === b?.amount;

const MOST_WEIGHT = 0.999;
/** Points on either side that count: what a slider offers where it does not offer weights. */
const REACHES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000];

const isWeight = (kind: SmoothingKind) => kind === "time_ema" || kind === "ema";

/** "0.6" is the usual kind, "mean:11" names another. */
export function readSmoothing(text: string | undefined): Smoothing {
  const [first = "", second] = (text ?? "").split(":");
  const kind = readChoice(second === undefined ? undefined : first, KINDS, NOT_SMOOTHED.kind);
  const most = isWeight(kind) ? MOST_WEIGHT : amountOf(kind, REACHES.at(-1) ?? 1);
  return { kind, amount: readNumber(second ?? first, 0, 0, most) };
}

export function writeSmoothing({ kind, amount }: Smoothing): string | undefined {
  if (kind !== NOT_SMOOTHED.kind) return `${kind}:${String(amount)}`;
  return amount === 0 ? undefined : String(amount);
}

/** About as strong, in another way. */
export function inKind(smoothing: Smoothing, kind: SmoothingKind): Smoothing {
  const isSameMeasure = isWeight(kind) && isWeight(smoothing.kind);
  if (isSameMeasure || smoothing.amount === 0) return { kind, amount: smoothing.amount };
  const reach = reachOf(smoothing);
  return { kind, amount: amountOf(kind, isWeight(kind) ? reach : (REACHES[nearestReach(reach)] ?? reach)) };
}

function reachOf({ kind, amount }: Smoothing): number {
  if (isWeight(kind)) return amount / (1 - amount);
  return kind === "mean" ? (amount - 1) / 2 : amount;
}

function amountOf(kind: SmoothingKind, reach: number): number {
  if (isWeight(kind)) return Math.min(MOST_WEIGHT, Math.round((reach / (reach + 1)) * 1000) / 1000);
  return kind === "mean" ? 2 * reach + 1 : reach;
}

const nearestReach = (reach: number) =>
  REACHES.reduce((best, one, index) => (Math.abs(Math.log(one / reach)) < Math.abs(Math.log((REACHES[best] ?? 1) / reach)) ? index : best), 0);

export type SmoothingScale = { max: number; step: number };

export const scaleOf = (kind: SmoothingKind): SmoothingScale => (isWeight(kind) ? { max: MOST_WEIGHT, step: 0.001 } : { max: REACHES.length, step: 1 });

/** Where a smoothing stands on the slider of its kind. */
export function positionOf(smoothing: Smoothing): number {
  if (isWeight(smoothing.kind) || smoothing.amount === 0) return smoothing.amount;
  return nearestReach(reachOf(smoothing)) + 1;
}

export function atPosition(kind: SmoothingKind, position: number): Smoothing {
  if (isWeight(kind)) return { kind, amount: Math.min(MOST_WEIGHT, Math.max(0, Math.round(position * 1000) / 1000)) };
  const reach = REACHES[Math.min(REACHES.length, Math.round(position)) - 1];
  return { kind, amount: reach === undefined ? 0 : amountOf(kind, reach) };
}

/** A little less or more, for a key. */
export const stepped = (smoothing: Smoothing, by: -1 | 1): Smoothing =>
  atPosition(smoothing.kind, positionOf(smoothing) + (isWeight(smoothing.kind) ? by / 10 : by));

export function amountText({ kind, amount }: Smoothing): string {
  if (isWeight(kind)) return amount.toFixed(amount > 0.99 ? 3 : 2);
  return amount === 0 ? "none" : kind === "mean" ? `${String(amount)} wide` : `σ ${String(amount)}`;
}
