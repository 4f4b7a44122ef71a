/** Reads the class ids of a mask, which is a PNG. A browser draws 8 of 16 bits: those of 16 are read here. */

export type MaskPixels = { width: number; height: number; classes: Uint8Array | Uint16Array };

const MOST_PIXELS = 64_000_000;

export async function readMask(address: string): Promise<MaskPixels> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`The mask could not be fetched (${String(response.status)}).`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const view = new DataView(bytes.buffer);
  if (bytes.length < 33 || view.getUint32(0) !== 0x89504e47) throw new Error("The mask is no PNG.");
  const [width, height, depth, colour] = [view.getUint32(16), view.getUint32(20), view.getUint8(24), view.getUint8(25)];
  if (width * height > MOST_PIXELS) throw new Error("The mask is too large to be shown.");
  if (depth === 16 && colour === 0) return { width, height, classes: await grey16(bytes, view, width, height) };
  return await drawn(new Blob([bytes], { type: "image/png" }));
}

async function drawn(blob: Blob): Promise<MaskPixels> {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("This browser cannot read the mask.");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const classes = new Uint8Array(width * height);
  for (let at = 0; at < classes.length; at += 1) classes[at] = data[at * 4] ?? 0;
  return { width, height, classes };
}

async function grey16(bytes: Uint8Array<ArrayBuffer>, view: DataView, width: number, height: number): Promise<Uint16Array> {
  if (view.getUint8(28) !== 0) throw new Error("An interlaced mask of 16 bits is not shown.");
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    if (view.getUint32(at + 4) === 0x49444154) parts.push(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const stride = width * 2;
  const rows = new Uint8Array(await new Response(new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer());
  if (rows.length < (stride + 1) * height) throw new Error("The mask is cut off.");
  const classes = new Uint16Array(width * height);
  let above = new Uint8Array(stride);
  for (let row = 0; row < height; row += 1) {
    const line = unfiltered(rows.subarray(row * (stride + 1) + 1, (row + 1) * (stride + 1)), above, rows[row * (stride + 1)] ?? 0);
    for (let x = 0; x < width; x += 1) classes[row * width + x] = ((line[x * 2] ?? 0) << 8) | (line[x * 2 + 1] ?? 0);
    above = line;
  }
  return classes;
}

/** A row as it was before its filter (PNG, section 9.2); a pixel has two bytes. */
function unfiltered(line: Uint8Array<ArrayBuffer>, above: Uint8Array, filter: number): Uint8Array<ArrayBuffer> {
  for (let at = 0; at < line.length; at += 1) {
    const [left, up, corner] = [at < 2 ? 0 : (line[at - 2] ?? 0), above[at] ?? 0, at < 2 ? 0 : (above[at - 2] ?? 0)];
    const guess = filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : filter === 4 ? paeth(left, up, corner) : 0;
    line[at] = (line[at] ?? 0) + guess;
  }
  return line;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
