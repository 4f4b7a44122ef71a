/** In what a metric is measured, as its name says it, and how its values read. Pure. */

import { formatNumber } from "../format";

const UNITS: readonly { ends: RegExp; format: (value: number) => string }[] = [
  { ends: /bytes_per_s$/, format: (value) => `${bytes(value)}/s` },
  { ends: /bytes$/, format: bytes },
  { ends: /(percent|^system\/gpu.*\/utilization)$/, format: (value) => `${formatNumber(value)} %` },
  { ends: /(celsius|temperature_c)$/, format: (value) => `${formatNumber(value)} °C` },
  { ends: /(watts?|power_w)$/, format: (value) => `${formatNumber(value)} W` },
  { ends: /_mhz$/, format: (value) => `${formatNumber(value)} MHz` },
];

const SIZES = ["B", "kB", "MB", "GB", "TB", "PB"];

/** With the digits that tell neighbouring ticks apart, unlike the size of a file. */
function bytes(value: number): string {
  const power = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)) / 3);
  const at = Math.min(SIZES.length - 1, Math.max(0, power));
  return `${formatNumber(value / 1000 ** at)} ${SIZES[at] ?? ""}`;
}

/** "1.2 GB", "750 kB/s", "83 %", "64 °C", "310 W" where the name of the metric ends in a unit, else the number. */
export function formatMeasure(metric: string, value: number): string {
  const unit = UNITS.find(({ ends }) => ends.test(metric));
  return unit === undefined || !Number.isFinite(value) ? formatNumber(value) : unit.format(value);
}
