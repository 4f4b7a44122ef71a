/** The machine's metrics as panels: one for each thing that is read, with a member for each device that has it. Pure. */

export type Member = { metric: string; device: string };
/** `name` is that of the metrics without their device, "system/gpu/utilization". */
export type Panel = { name: string; title: string; members: Member[] };
export type PanelGroup = { name: "GPU" | "Host" | "Process" | "Other"; panels: Panel[] };

/** Beyond so many lines nobody can tell them apart, and a map of device by time says more. */
export const MOST_LINES_OF_DEVICES = 8;

/** What the lines of a panel are. */
export const memberWord = ({ members }: Panel): string => (/\d$/.test(members[0]?.device ?? "") ? "device" : "line");

const GROUPS: readonly PanelGroup["name"][] = ["GPU", "Host", "Process", "Other"];
const FIRST_OF_GPU = ["utilization", "memory_percent", "memory_used_bytes", "power_w", "temperature_c", "sm_clock_mhz", "memory_clock_mhz"];
const FIRST_OF_HOST = ["cpu.percent", "memory.percent", "disk.percent", "disk.bytes_per_s", "network.bytes_per_s", "cpu/core.percent"];

/** What stands out first comes first: load, memory, power, heat, clocks; and of the host CPU, memory, disk, network. */
export function panelsOf(metrics: readonly string[]): PanelGroup[] {
  const panels = [...Map.groupBy(metrics.map(placed), ({ name }) => name)].map(([name, members]): Panel => ({
    name,
    title: titleOf(name),
    members: members.map(({ metric, device }) => ({ metric, device })).toSorted((a, b) => byName(a.device, b.device)),
  }));
  const grouped = Map.groupBy(panels, ({ name }) => groupOf(name));
  return GROUPS.flatMap((name) => {
    const found = grouped.get(name);
    return found === undefined ? [] : [{ name, panels: found.toSorted((a, b) => rank(a.name) - rank(b.name) || byName(a.name, b.name)) }];
  });
}

function placed(metric: string): Member & { name: string } {
  const numbered = /^(.*\/)([^/.]+)\.(\d+)(?=[/.])(.*)$/.exec(metric);
  if (numbered !== null) {
    const [, before = "", kind = "", number = "", after = ""] = numbered;
    return { metric, name: before + kind + after, device: `${kind === "gpu" ? "GPU" : kind} ${number}` };
  }
  const way = /^(.*)\.(read|written|sent|received)_(bytes_per_s)$/.exec(metric);
  if (way !== null) return { metric, name: `${way[1] ?? ""}.${way[3] ?? ""}`, device: way[2] ?? "" };
  return { metric, name: metric, device: "" };
}

/** Without the units that stand at the axis. */
const titleOf = (name: string) => name.replace(/^system\//, "").replace(/_(w|c|mhz|j)$/, "").replace(/^gpu\//, "").replaceAll("_", " ").replaceAll("/", " · ").replace(".", " · ");

function groupOf(name: string): PanelGroup["name"] {
  if (name.startsWith("system/gpu/")) return "GPU";
  if (/^system\/process/.test(name)) return "Process";
  return /^system\/(cpu|memory|disk|network|load|swap|journals_disk)\b/.test(name) ? "Host" : "Other";
}

function rank(name: string): number {
  const [, , last = ""] = /^system\/(gpu\/)?(.*)$/.exec(name) ?? [];
  const order = name.startsWith("system/gpu/") ? FIRST_OF_GPU : FIRST_OF_HOST;
  const at = order.indexOf(last);
  return at < 0 ? order.length : at;
}

const byName = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });
