/** A sound as a waveform, and its times as text. Pure. */

export type Peak = readonly [number, number];

/** The least and the greatest of equal parts of samples; no part where there is no sample. O(samples). */
export function peaksOf(samples: ArrayLike<number>, parts: number): Peak[] {
  const count = Math.min(parts, samples.length);
  return Array.from({ length: count }, (_, part): Peak => {
    const [from, to] = [Math.floor((part * samples.length) / count), Math.floor(((part + 1) * samples.length) / count)];
    let [low, high] = [Infinity, -Infinity];
    for (let index = from; index < to; index += 1) {
      const sample = samples[index] ?? 0;
      low = Math.min(low, sample);
      high = Math.max(high, sample);
    }
    return [low, high];
  });
}

/** The outline as an SVG path, in a box that is as wide as there are peaks and 2 high; silence is a thin line. */
export function outlineOf(peaks: readonly Peak[]): string {
  if (peaks.length === 0) return "";
  const at = (value: number, least: number) => (1 - Math.min(1, Math.max(-1, value)) - least).toFixed(3);
  const above = peaks.map(([, high], index) => `${String(index)} ${at(high, 0.01)}L${String(index + 1)} ${at(high, 0.01)}`);
  const below = peaks.map(([low], index) => `${String(index + 1)} ${at(low, -0.01)}L${String(index)} ${at(low, -0.01)}`).reverse();
  return `M${[...above, ...below].join("L")}Z`;
}

/** "0:07.4", "12:03.0". */
export function clockOf(seconds: number): string {
  const tenths = Math.max(0, Math.round(seconds * 10));
  return `${String(Math.floor(tenths / 600))}:${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}.${String(tenths % 10)}`;
}
