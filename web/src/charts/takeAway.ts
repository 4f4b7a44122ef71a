/** A chart as a file: its picture, or its points. Fetched when the first one is taken away. */

import { api } from "../api";
import { type Figure, seriesOf } from "./figure";
import { draw, picture, remove } from "./plot";
import { figureAsCsv, quoted } from "./plotFigure";

export type PictureKind = "png" | "svg";

/** In the size of a slide, drawn where nobody sees it. */
const SIZE = { width: "960px", height: "540px" };

export async function savePicture(figure: Figure, kind: PictureKind): Promise<void> {
  const element = document.createElement("div");
  Object.assign(element.style, { position: "fixed", left: "-2000px", top: "0", ...SIZE });
  document.body.append(element);
  try {
    await draw(element, figure);
    await saveDrawn(figure, element, kind);
  } finally {
    remove(element);
    element.remove();
  }
}

/** As it is on the screen. */
export async function saveDrawn(figure: Figure, element: HTMLElement, kind: PictureKind): Promise<void> {
  save(`${fileName(figure)}.${kind}`, await picture(element, kind));
}

export function saveShownPoints(figure: Figure): Promise<void> {
  saveText(`${fileName(figure)}.csv`, [figureAsCsv(figure)]);
  return Promise.resolve();
}

/** Every point that the runs of a figure have logged of its metrics, in order of arrival. */
export async function saveEveryPoint(figure: Figure): Promise<void> {
  const parts = ["run,run_id,metric,label,step,time_ms,value\n"];
  for (const { run, name, metric } of seriesOf(figure)) {
    for (const { label, segment, steps, times, values } of await api.everyPoint(run, metric)) {
      if (segment !== 0) continue;
      const head = [quoted(name), run, quoted(metric), quoted(label)].join(",");
      parts.push(steps.map((step, index) => `${head},${String(step)},${String(times[index] ?? "")},${String(values[index] ?? "")}\n`).join(""));
    }
  }
  saveText(`${fileName(figure)}-all.csv`, parts);
}

export const fileName = ({ metric }: Figure) => metric.replace(/[^\w.-]+/g, "-");

export function saveText(name: string, parts: string[]): void {
  const address = URL.createObjectURL(new Blob(parts, { type: "text/csv" }));
  save(name, address);
  URL.revokeObjectURL(address);
}

function save(name: string, address: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}
