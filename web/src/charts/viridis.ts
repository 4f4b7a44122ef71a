/** The sequential scale of the dashboard, viridis, from 0 to 1. Pure. */

const STOPS: readonly (readonly [number, number, number])[] = [
  [68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142], [31, 158, 137], [53, 183, 121], [110, 206, 88], [181, 222, 43], [253, 231, 37],
];

export function viridis(share: number): string {
  const at = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const below = STOPS[Math.floor(at)] ?? [68, 1, 84];
  const above = STOPS[Math.ceil(at)] ?? below;
  const parts = below.map((part, index) => Math.round(part + ((above[index] ?? part) - part) * (at - Math.floor(at))));
  return `rgb(${parts.join(" ")})`;
}
