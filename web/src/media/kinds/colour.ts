/** Colours of the tokens as numbers. Pure. */

/** Red, green and blue of "#rrggbb" or "#rgb", which a build makes of some. */
export function channelsOf(hex: string): [number, number, number] {
  const digits = hex.length === 4 ? [...hex.slice(1)].map((digit) => digit + digit).join("") : hex.slice(1);
  const channel = (place: number) => Number.parseInt(digits.slice(place * 2, place * 2 + 2), 16) || 0;
  return [channel(0), channel(1), channel(2)];
}
