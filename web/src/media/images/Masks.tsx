/** The masks of an image, over it: each pixel in the colour of its class. */

import { queryOptions, useQueries } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Media } from "../../api";
import { useIsDark } from "../../theme";
import styles from "./Images.module.css";
import { type Mask, type Marking, hueOf, maskKey } from "./marks";
import { type MaskPixels, readMask } from "./maskPixels";

const OPACITY = 140;

type Props = { piece: Media; masks: readonly Mask[]; marking: Marking; onFailure: (reason: string) => void };

export function Masks({ piece, masks, marking, onFailure }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const isDark = useIsDark();
  const found = useQueries({
    queries: masks.map((mask) => maskOf(piece, mask)),
    combine: (results) => ({ pixels: results.map(({ data }) => data), error: results.find(({ error }) => error !== null)?.error ?? null }),
  });
  useEffect(() => {
    if (canvas.current === null) return;
    draw(canvas.current, masks, found.pixels, marking);
  }, [masks, found.pixels, marking, isDark]);
  useEffect(() => { if (found.error !== null) onFailure(found.error.message); }, [found.error, onFailure]);
  return <canvas ref={canvas} className={styles["masks"]} aria-hidden="true" />;
}

/** The pixels of a mask of a piece. */
export const maskOf = (piece: Pick<Media, "id" | "content_url">, { name }: Pick<Mask, "name">) =>
  queryOptions({ queryKey: ["mask", piece.id, name], queryFn: () => readMask(fileAddress(piece, `masks/${name}.png`)), staleTime: Infinity, structuralSharing: false, retry: false });

/** A further file of a piece, by the address of its content. */
export const fileAddress = (piece: Pick<Media, "id" | "content_url">, path: string) =>
  `${piece.content_url ?? `/api/v1/media/${String(piece.id)}/content?`}&file=${encodeURIComponent(path)}`;

function draw(canvas: HTMLCanvasElement, masks: readonly Mask[], pixels: readonly (MaskPixels | undefined)[], { hidden }: Marking): void {
  const first = pixels.find((one) => one !== undefined);
  const context = canvas.getContext("2d");
  if (first === undefined || context === null) return;
  Object.assign(canvas, { width: first.width, height: first.height });
  const image = context.createImageData(first.width, first.height);
  const target = new Uint32Array(image.data.buffer);
  for (const [index, { name, classes }] of masks.entries()) {
    const source = pixels[index];
    if (source === undefined || source.width !== first.width || source.height !== first.height) continue;
    const colours = new Map<number, number>();
    for (let at = 0; at < source.classes.length; at += 1) {
      const id = source.classes[at] ?? 0;
      if (id === 0) continue;
      let colour = colours.get(id);
      if (colour === undefined) {
        const label = classes.get(id) ?? "";
        colour = hidden.has(maskKey(name, id)) ? 0 : packed(hueOf(label === "" ? String(id) : label));
        colours.set(id, colour);
      }
      if (colour !== 0) target[at] = colour;
    }
  }
  context.putImageData(image, 0, 0);
}

/** A colour of the palette as a pixel, of which the lowest byte is red. */
function packed(hue: number): number {
  const text = getComputedStyle(document.documentElement).getPropertyValue(`--hue-${String(hue)}`).trim();
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16) || 0);
  return ((OPACITY << 24) | ((blue ?? 0) << 16) | ((green ?? 0) << 8) | (red ?? 0)) >>> 0;
}
