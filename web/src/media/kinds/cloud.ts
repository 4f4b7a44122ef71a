/**
 * A cloud of points, drawn point by point into an image with a depth of each pixel: no graphics card and no WebGL context
 * is needed for the few hundred thousand points that are drawn. Pure but for the image it is given.
 */

import { viridis } from "../../charts/viridis";
import { channelsOf } from "./colour";
import type { Object3D, PointField } from "./details";

export type Colouring = "rgb" | "class" | "intensity" | "height";

/** Points in a cube of -1 to 1 around their middle; `values` are the numbers as they were logged, point by point. */
export type Cloud = { count: number; places: Float32Array; values: Float32Array; fields: readonly PointField[]; total: number };

/** What the eye sees it by: turned about the upright axis and then tilted, in radians; `zoom` is 1 where all of it fits. */
export type View = { turn: number; tilt: number; zoom: number };

export const START: View = { turn: 0.6, tilt: 0.45, zoom: 1 };
export const MOST_DRAWN = 200_000;

/** Every so many points where there are more than `most`; points with a place that is no number are left out. */
export function cloudOf(bytes: ArrayBuffer, { fields }: Pick<Object3D, "fields">, most = MOST_DRAWN): Cloud {
  const width = fields.length;
  const all = new Float32Array(bytes, 0, Math.floor(bytes.byteLength / 4 / width) * width);
  const total = all.length / width;
  const stride = Math.max(1, Math.ceil(total / most));
  const at = (["x", "y", "z"] as const).map((field) => fields.indexOf(field));
  const kept: number[] = [];
  for (let point = 0; point < total; point += stride) if (at.every((field) => Number.isFinite(all[point * width + field]))) kept.push(point);
  const values = new Float32Array(kept.length * width);
  kept.forEach((point, index) => { values.set(all.subarray(point * width, (point + 1) * width), index * width); });
  return { count: kept.length, places: centred(values, width, at), values, fields, total };
}

function centred(values: Float32Array, width: number, at: readonly number[]): Float32Array {
  const spans = at.map((field) => spanOf(values, width, field));
  const size = spans.reduce((most, [low, high]) => Math.max(most, high - low), 0) || 1;
  const places = new Float32Array((values.length / width) * 3);
  for (let point = 0; point * width < values.length; point += 1) {
    for (let axis = 0; axis < 3; axis += 1) {
      const [low, high] = spans[axis] ?? [0, 0];
      places[point * 3 + axis] = (((values[point * width + (at[axis] ?? 0)] ?? 0) - (low + high) / 2) / size) * 2;
    }
  }
  return places;
}

/** The least and the greatest finite value of a field; [0, 0] where there is none. */
export function spanOf(values: Float32Array, width: number, field: number): readonly [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let index = field; index < values.length; index += width) {
    const value = values[index] ?? NaN;
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? [0, 0] : [low, high];
}

/** By what the points can be coloured, what says most first. */
export const colouringsOf = (fields: readonly PointField[]): Colouring[] => [
  ...(["r", "g", "b"].every((field) => fields.includes(field as PointField)) ? ["rgb" as const] : []),
  ...(fields.includes("class") ? ["class" as const] : []),
  ...(fields.includes("intensity") ? ["intensity" as const] : []),
  "height",
];

const SHADES = 64;

/** A pixel for each point, as an `ImageData` holds it on the machines that browsers run on: red is the lowest byte. */
export function pixelsOf({ count, values, fields }: Cloud, by: Colouring, hues: readonly string[]): Uint32Array {
  const width = fields.length;
  const pixels = new Uint32Array(count);
  const field = (name: PointField) => fields.indexOf(name);
  if (by === "rgb") {
    const [r, g, b] = [field("r"), field("g"), field("b")];
    for (let point = 0; point < count; point += 1) pixels[point] = pixel(...([r, g, b].map((one) => values[point * width + one] ?? 0) as [number, number, number]));
  } else if (by === "class") {
    const known = hues.map(pixelOfHex);
    const place = field("class");
    for (let point = 0; point < count; point += 1) pixels[point] = known[hueOfClass(values[point * width + place] ?? 0, known.length)] ?? 0;
  } else {
    const place = field(by === "intensity" ? "intensity" : "z");
    const [low, high] = spanOf(values, width, place);
    const shades = Array.from({ length: SHADES }, (_, shade) => pixelOfRgb(viridis(shade / (SHADES - 1))));
    for (let point = 0; point < count; point += 1) {
      const share = ((values[point * width + place] ?? low) - low) / (high - low || 1);
      pixels[point] = shades[Math.min(SHADES - 1, Math.max(0, Math.round(share * (SHADES - 1)) || 0))] ?? 0;
    }
  }
  return pixels;
}

export const hueOfClass = (id: number, hues: number): number => ((Math.trunc(id) % hues) + hues) % hues || 0;

const pixel = (red: number, green: number, blue: number): number => {
  const byte = (value: number) => Math.min(255, Math.max(0, Math.round(value) || 0));
  return ((255 << 24) | (byte(blue) << 16) | (byte(green) << 8) | byte(red)) >>> 0;
};

const pixelOfHex = (hex: string) => pixel(...channelsOf(hex));

const pixelOfRgb = (text: string) => pixel(...((text.match(/\d+/g) ?? []).map(Number) as [number, number, number]));

/** How far the eye is from the middle of the cube. */
const DISTANCE = 4;

/** Where a place is on a screen of that size, and how deep; a smaller depth is nearer. */
export function project(x: number, y: number, z: number, view: View, width: number, height: number): readonly [number, number, number] {
  const [sinTurn, cosTurn, sinTilt, cosTilt] = [Math.sin(view.turn), Math.cos(view.turn), Math.sin(view.tilt), Math.cos(view.tilt)];
  const right = x * cosTurn - y * sinTurn;
  const away = x * sinTurn + y * cosTurn;
  const depth = away * cosTilt - z * sinTilt;
  const up = away * sinTilt + z * cosTilt;
  const scale = (Math.min(width, height) * 0.36 * view.zoom * DISTANCE) / Math.max(0.1, DISTANCE + depth);
  return [width / 2 + right * scale, height / 2 - up * scale, depth];
}

/** Fills `image`, a pixel a number, with the points over `background`; nearer points cover those behind. */
export function paintCloud(image: Uint32Array, width: number, height: number, cloud: Cloud, pixels: Uint32Array, view: View, background: string): void {
  image.fill(pixelOfHex(background));
  const nearest = new Float32Array(width * height).fill(Infinity);
  const size = Math.min(8, Math.max(2, Math.round(Math.sqrt((width * height) / Math.max(1, cloud.count)) * 0.3 * Math.sqrt(view.zoom))));
  for (let point = 0; point < cloud.count; point += 1) {
    const [x, y, depth] = project(cloud.places[point * 3] ?? 0, cloud.places[point * 3 + 1] ?? 0, cloud.places[point * 3 + 2] ?? 0, view, width, height);
    const [left, top] = [Math.round(x - size / 2), Math.round(y - size / 2)];
    for (let row = Math.max(0, top); row < Math.min(height, top + size); row += 1) {
      for (let column = Math.max(0, left); column < Math.min(width, left + size); column += 1) {
        const place = row * width + column;
        if (depth >= (nearest[place] ?? Infinity)) continue;
        nearest[place] = depth;
        image[place] = pixels[point] ?? 0;
      }
    }
  }
}
