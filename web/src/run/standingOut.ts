/** What of the machine's readings a person should look at, in sentences. Pure; shares are of the time that was read. */

import { formatNumber } from "../format";
import type { SeriesColumns } from "../series";
import { type PanelGroup, panelsOf } from "./devices";
import type { Readings } from "./systemFigure";
import { own } from "../own";

/** `panel` names the panel that shows it. */
export type Remark = { text: string; panel: string };

type Device = { name: string; series: SeriesColumns };

const IDLE_BELOW = 10;
const IDLE_SHARE = 0.25;
const FULL = 95;
const BUSY_CPU = 80;
const HOT_C = 88;
const SLOWED_SHARE = 0.05;
const MOST_REMARKS = 5;

export function remarksOn(readings: Readings): Remark[] {
  const groups = panelsOf([...readings.keys()]);
  const devices = (panel: string) => devicesOf(groups, panel, readings);
  const cpu = devices("system/cpu.percent")[0]?.series ?? null;
  const found = [
    idleness(devices("system/gpu/utilization"), cpu),
    ...["power", "thermal", "hardware"].map((cause) => slowness(devices(`system/gpu/throttled.${cause}`), cause)),
    height(devices("system/gpu/memory_percent"), FULL, "system/gpu/memory_percent", "has its memory nearly full", "%"),
    height(devices("system/gpu/temperature_c"), HOT_C, "system/gpu/temperature_c", "is hot", "°C"),
    height(devices("system/memory.percent"), 90, "system/memory.percent", "The host’s memory is nearly full", "%"),
    height(devices("system/disk.percent"), FULL, "system/disk.percent", "The disk is nearly full", "%"),
  ];
  return found.filter((remark) => remark !== null).slice(0, MOST_REMARKS);
}

function devicesOf(groups: readonly PanelGroup[], name: string, readings: Readings): Device[] {
  const panel = groups.flatMap(({ panels }) => panels).find((one) => one.name === name);
  return (panel?.members ?? []).flatMap(({ metric, device }) =>
    (readings.get(metric) ?? [])
      .filter(({ segment, x }) => segment === 0 && x.length > 1)
      .map((series) => ({ name: series.label === "" ? device : `${device} of ${series.label}`, series })),
  );
}

/** Devices that mostly wait, and whether the processor had its hands full meanwhile. */
function idleness(gpus: readonly Device[], cpu: SeriesColumns | null): Remark | null {
  const idle = gpus.map((gpu) => ({ ...gpu, share: shareOf(gpu.series, (value) => value < IDLE_BELOW) })).filter(({ share }) => share >= IDLE_SHARE);
  const [worst] = idle.toSorted((a, b) => b.share - a.share);
  if (worst === undefined) return null;
  const busy = cpu === null ? NaN : meanWhile(cpu, worst.series, (value) => value < IDLE_BELOW);
  const why = busy >= BUSY_CPU ? `; the CPU was at ${formatNumber(Math.round(busy))} % meanwhile, so data loading may be what it waits for` : "";
  const shares = idle.map(({ share }) => Math.round(share * 100));
  const least = Math.min(...shares);
  const spread = least === Math.max(...shares) ? String(least) : `${String(least)} to ${String(Math.max(...shares))}`;
  return { text: `${named(idle, gpus.length)} idle ${spread} % of the time${why}`, panel: "system/gpu/utilization" };
}

const CAUSES: Record<string, string> = { power: "their power limit", thermal: "heat", hardware: "the hardware" };

function slowness(gpus: readonly Device[], cause: string): Remark | null {
  const slowed = gpus.map((gpu) => ({ ...gpu, share: shareOf(gpu.series, (value) => value > 0.5) })).filter(({ share }) => share >= SLOWED_SHARE);
  if (slowed.length === 0) return null;
  const most = Math.round(100 * Math.max(...slowed.map(({ share }) => share)));
  return { text: `${named(slowed, gpus.length)} slowed down by ${own(CAUSES, cause) ?? cause} up to ${String(most)} % of the time`, panel: `system/gpu/throttled.${cause}` };
}

/** The greatest value that was read, where it reaches `limit`. Without a device `words` are the whole sentence. */
function height(devices: readonly Device[], limit: number, panel: string, words: string, unit: string): Remark | null {
  const high = devices.map((device) => ({ ...device, most: most(device.series) })).filter((device) => device.most >= limit);
  const [worst] = high.toSorted((a, b) => b.most - a.most);
  if (worst === undefined) return null;
  const subject = worst.name === "" ? words : `${worst.name} ${words}`;
  return { text: `${subject}: up to ${formatNumber(Math.round(worst.most))} ${unit}${high.length > 1 ? `, and ${String(high.length - 1)} more` : ""}`, panel };
}

function named(some: readonly Device[], all: number): string {
  if (some.length > 1 && some.length === all) return `All ${String(all)} GPUs`;
  return some.length > 3 ? `${String(some.length)} of ${String(all)} GPUs` : some.map(({ name }) => name).join(", ");
}

/** How much of the time the values are such; a value stands until the next one. */
function shareOf({ x, values }: SeriesColumns, isSuch: (value: number) => boolean): number {
  let such = 0;
  let whole = 0;
  for (let index = 0; index + 1 < x.length; index += 1) {
    const value = values[index] ?? NaN;
    if (Number.isNaN(value)) continue;
    const lasting = (x[index + 1] ?? 0) - (x[index] ?? 0);
    whole += lasting;
    if (isSuch(value)) such += lasting;
  }
  return whole === 0 ? 0 : such / whole;
}

/** The mean of one series at the moments when the values of another are such. Both are ordered by time. */
function meanWhile(one: SeriesColumns, other: SeriesColumns, isSuch: (value: number) => boolean): number {
  let sum = 0;
  let count = 0;
  let at = 0;
  for (let index = 0; index < one.x.length; index += 1) {
    while (at + 1 < other.x.length && (other.x[at + 1] ?? 0) <= (one.x[index] ?? 0)) at += 1;
    const value = one.values[index] ?? NaN;
    if (Number.isNaN(value) || !isSuch(other.values[at] ?? NaN)) continue;
    sum += value;
    count += 1;
  }
  return sum / count;
}

const most = ({ values }: SeriesColumns) => values.reduce((a, b) => (b > a ? b : a), -Infinity);
