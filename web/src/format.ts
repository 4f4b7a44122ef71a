/** Numbers, times and sizes as a person reads them. Pure; the clock is an argument. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Made once: `toLocaleString` makes one for each number. */
const GROUPED = new Intl.NumberFormat("en-US");

/** Four significant digits; an exponent outside 1e-3…1e5, as small and large losses need one to be read at all. With more `digits`, between 1e-3 and 1e9, none. */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return withMinus(GROUPED.format(value));
  if (size < 1e-3 || size >= (digits > 4 ? 1e9 : 1e5)) return withMinus(shortExponent(value.toExponential(digits - 1)));
  return withMinus(String(Number(value.toPrecision(digits))));
}

const shortExponent = (text: string) => text.replace(/\.?0*e/, "e").replace("e+", "e");
const withMinus = (text: string) => text.replace(/^-/, "−");

/** Most counts have nothing to group, and need no locale. */
export const formatCount = (value: number) => (Number.isInteger(value) && value >= 0 && value < 1000 ? String(value) : GROUPED.format(value));

/** 4,120 steps as "4.12k": what fits beside a tick. */
export function formatSi(value: number, digits = 4): string {
  const size = Math.abs(value);
  if (size >= 1e12) return formatNumber(value, digits);
  for (const [limit, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]] as const) {
    if (size >= limit) return `${withMinus(String(Number((value / limit).toPrecision(digits))))}${letter}`;
  }
  return withMinus(String(Number(value.toPrecision(Math.max(6, digits)))));
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${String(bytes)} B`;
  const units = ["kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = -1;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${units[unit] ?? ""}`;
}

/** Nobody has looked at a file that has no digest and no size: it lies elsewhere. */
export const formatFileBytes = ({ digest, size_bytes: bytes }: { digest: string; size_bytes: number }) => (digest === "" && bytes === 0 ? "unknown" : formatBytes(bytes));

/** A sum that lacks the sizes of some files, which nobody knows: it is at least so much. */
export const formatAtLeast = (bytes: number, unsized = 0) => (unsized === 0 ? formatBytes(bytes) : bytes === 0 ? "unknown" : `≥ ${formatBytes(bytes)}`);

/** What such a sum lacks; to be read beside it. */
export const lackingSizes = (unsized = 0) => (unsized === 0 ? undefined : `Without ${plural(unsized, "file")} elsewhere whose size nobody knows`);

/** "2 h 14 min", "3 min 20 s", "41 s", "820 ms": the two largest units that matter. */
export function formatDuration(ms: number): string {
  if (ms < SECOND) return `${String(Math.max(0, Math.round(ms)))} ms`;
  if (ms < MINUTE) return `${ms < 10 * SECOND ? (ms / SECOND).toFixed(1) : String(Math.floor(ms / SECOND))} s`;
  if (ms < HOUR) return twoUnits(ms, MINUTE, "min", SECOND, "s");
  if (ms < DAY) return twoUnits(ms, HOUR, "h", MINUTE, "min");
  return twoUnits(ms, DAY, "d", HOUR, "h");
}

function twoUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  const head = `${String(Math.floor(ms / large))} ${largeName}`;
  return rest === 0 ? head : `${head} ${String(rest)} ${smallName}`;
}

/** "just now", "4 min ago", "yesterday", "12 Nov": coarser as it gets older. */
export function formatAgo(timeMs: number, nowMs: number): string {
  const age = nowMs - timeMs;
  if (age < 10 * SECOND) return "just now";
  if (age < MINUTE) return `${String(Math.floor(age / SECOND))} s ago`;
  if (age < HOUR) return `${String(Math.floor(age / MINUTE))} min ago`;
  if (age < DAY) return `${String(Math.floor(age / HOUR))} h ago`;
  if (age < 7 * DAY) return `${String(Math.floor(age / DAY))} d ago`;
  return formatDate(timeMs, nowMs);
}

function formatDate(timeMs: number, nowMs: number): string {
  const isThisYear = new Date(timeMs).getFullYear() === new Date(nowMs).getFullYear();
  const year = isThisYear ? {} : ({ year: "numeric" } as const);
  return new Date(timeMs).toLocaleDateString("en-GB", { day: "numeric", month: "short", ...year });
}

export const formatMoment = (timeMs: number) =>
  new Date(timeMs).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });

export const formatClock = (timeMs: number) => new Date(timeMs).toLocaleTimeString("en-GB");

/** "+1.2 %", "−0.3 %", "=", and beyond tenfold "×12.8": what a value became. */
export function formatChange(relative: number): string {
  if (relative === 0) return "=";
  if (relative >= 10) return `×${formatNumber(Number((1 + relative).toPrecision(3)))}`;
  const percent = relative * 100;
  const size = Math.abs(percent);
  const digits = size >= 100 ? percent.toFixed(0) : size >= 0.1 ? percent.toFixed(1) : percent.toFixed(2);
  return Number(digits) === 0 ? "≈" : `${relative > 0 ? "+" : ""}${withMinus(digits)} %`;
}

/** A config value on one line, as Python would print it as near as JSON lets us. */
export function formatValue(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "number") return formatNumber(value);
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "true" : "false";
  return JSON.stringify(value);
}

export const plural = (count: number, word: string, words = `${word}s`) =>
  `${formatCount(count)} ${count === 1 ? word : words}`;
