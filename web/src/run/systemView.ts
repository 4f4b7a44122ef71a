/** How the machine's readings are shown, and its form in the address. Pure. */

import { type Search, readChoice } from "../address";

export const DEVICE_VIEWS = ["auto", "lines", "mean", "map"] as const;
/** "auto" is lines, and a map where there are more devices than lines can show. */
export type DeviceView = (typeof DEVICE_VIEWS)[number];

/** `beside` is the metric that is drawn over the same time; null for the one that the page proposes. */
export type SystemView = { devices: DeviceView; beside: string | null };

export const readSystemView = (search: Search): SystemView => ({
  devices: readChoice(search["devices"], DEVICE_VIEWS, "auto"),
  beside: search["beside"] ?? null,
});

export const writeSystemView = ({ devices, beside }: SystemView): Search => ({
  devices: devices === "auto" ? undefined : devices,
  beside: beside ?? undefined,
});
