/** What part of an image is seen: pictures of several sizes are moved together by it. Pure. */

/** `scale` 1 fits the whole image into its place; `x` and `y` are what lies in the middle, in parts of the image. */
export type View = { scale: number; x: number; y: number };

export const WHOLE: View = { scale: 1, x: 0.5, y: 0.5 };
const MOST = 64;

export type Size = { width: number; height: number };
/** Where the image lies in its place, in CSS pixels. */
export type Rectangle = Size & { left: number; top: number };

export function rectangleOf({ scale, x, y }: View, image: Size, place: Size): Rectangle {
  const fitting = Math.min(place.width / image.width, place.height / image.height) * scale;
  const [width, height] = [image.width * fitting, image.height * fitting];
  return { left: place.width / 2 - x * width, top: place.height / 2 - y * height, width, height };
}

/** Zoomed by a factor, so that what lies at a point of the place stays there. */
export function zoomed(view: View, factor: number, image: Size, place: Size, at: { x: number; y: number } = { x: place.width / 2, y: place.height / 2 }): View {
  const before = rectangleOf(view, image, place);
  const scale = Math.min(MOST, Math.max(1, view.scale * factor));
  const after = rectangleOf({ ...view, scale }, image, place);
  const [fx, fy] = [(at.x - before.left) / before.width, (at.y - before.top) / before.height];
  return kept({ scale, x: fx + (place.width / 2 - at.x) / after.width, y: fy + (place.height / 2 - at.y) / after.height });
}

/** Moved by so many CSS pixels. */
export function moved(view: View, dx: number, dy: number, image: Size, place: Size): View {
  const { width, height } = rectangleOf(view, image, place);
  return kept({ ...view, x: view.x - dx / width, y: view.y - dy / height });
}

/** Some of the image is always in sight. */
function kept({ scale, x, y }: View): View {
  if (scale <= 1) return WHOLE;
  return { scale, x: Math.min(1, Math.max(0, x)), y: Math.min(1, Math.max(0, y)) };
}

/** The pixel under a point of the place; null beside the image. */
export function pixelAt(view: View, image: Size, place: Size, at: { x: number; y: number }): { x: number; y: number } | null {
  const { left, top, width, height } = rectangleOf(view, image, place);
  const [x, y] = [Math.floor(((at.x - left) / width) * image.width), Math.floor(((at.y - top) / height) * image.height)];
  return x >= 0 && y >= 0 && x < image.width && y < image.height ? { x, y } : null;
}
