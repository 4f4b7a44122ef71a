/** In what a metric is measured, as its name says it, and how its values read. Pure. */

import { formatNumber } from "../format";
import { distinct } from "./ticks";

// whole words: megabytes are no bytes
const UNITS: readonly { ends: RegExp; unit: string }[] = [
  { ends: /(^|[/._])bytes_per_s$/, unit: "B/s" },
  { ends: /(^|[/._])bytes$/, unit: "B" },
  { ends: /(^|[/._])percent$|^system\/gpu.*\/utilization$/, unit: "%" },
  { ends: /(^|[/._])(celsius|temperature_c)$/, unit: "°C" },
  { ends: /(^|[/._])(watts|power_w|power_limit_w)$/, unit: "W" },
  { ends: /_mhz$/, unit: "MHz" },
  { ends: /(^|[/._])energy_j$/, unit: "J" },
];

const PREFIXES = ["", "k", "M", "G", "T", "P"];

/** "B/s", "%", "°C"…, and null for most metrics, which are plain numbers. */
export const unitOf = (metric: string): string | null => UNITS.find(({ ends }) => ends.test(metric))?.unit ?? null;

/** "1.2 GB", "750 kB/s", "83 %", "64 °C", "310 W", "1.2 MJ" where the name of the metric ends in a unit, else the number. */
export function formatMeasure(metric: string, value: number, digits?: number): string {
  const unit = unitOf(metric);
  if (unit === null || !Number.isFinite(value)) return formatNumber(value, digits);
  if (!unit.startsWith("B") && unit !== "J") return `${formatNumber(value, digits)} ${unit}`;
  // with the digits that tell neighbouring ticks apart, unlike the size of a file
  const power = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)) / 3);
  const at = Math.min(PREFIXES.length - 1, Math.max(0, power));
  return `${formatNumber(value / 1000 ** at, digits)} ${PREFIXES[at] ?? ""}${unit}`;
}

/** What stands at the ticks of a metric: a curve that hardly moves needs more digits. */
export const measureTicks = (metric: string, ticks: readonly number[]): string[] => distinct(ticks, (at, digits) => formatMeasure(metric, at, digits));
