/** How much two images differ, pixel by pixel. Pure. */

export type Differing = { pixels: Uint8ClampedArray<ArrayBuffer>; differing: number; mean: number; greatest: number };

/** Both are RGBA of the same size. Each channel of the answer is their distance times `gain`; black is the same. */
export function difference(left: Uint8ClampedArray, right: Uint8ClampedArray, gain: number): Differing {
  const pixels = new Uint8ClampedArray(left.length);
  let [differing, sum, greatest] = [0, 0, 0];
  for (let at = 0; at < left.length; at += 4) {
    let most = 0;
    for (let channel = 0; channel < 3; channel += 1) {
      const distance = Math.abs((left[at + channel] ?? 0) - (right[at + channel] ?? 0));
      pixels[at + channel] = distance * gain;
      sum += distance;
      most = Math.max(most, distance);
    }
    pixels[at + 3] = 255;
    if (most > 0) differing += 1;
    greatest = Math.max(greatest, most);
  }
  const count = left.length / 4;
  return { pixels, differing: count === 0 ? 0 : differing / count, mean: count === 0 ? 0 : sum / (count * 3), greatest };
}
