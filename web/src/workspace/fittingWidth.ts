/** How wide a column of the table on the screen has to be to show its texts whole. Reads the document. */

/** Padding on both sides, and what stands beside the text: a swatch and a pencil, an arrow and a menu. */
const BESIDE = 14;
const BESIDE_NAME = 56;
const BESIDE_HEAD = 48;

export function fittingWidth(grid: HTMLElement, column: string): number {
  const cells = [...grid.querySelectorAll<HTMLElement>("[data-column]")].filter((cell) => cell.dataset["column"] === column);
  const widths = cells.map((cell) => textWidth(cell) + (cell.role === "columnheader" ? BESIDE_HEAD : cell.dataset["kind"] === "name" ? BESIDE_NAME : BESIDE));
  return Math.ceil(Math.max(0, ...widths));
}

/** Of the text itself, also where it is cut off; a drawing is as wide as it is. */
function textWidth(cell: HTMLElement): number {
  const range = document.createRange();
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  const rects: DOMRect[] = [];
  while (walker.nextNode() !== null) {
    range.selectNodeContents(walker.currentNode);
    rects.push(range.getBoundingClientRect());
  }
  const drawing = cell.querySelector("svg[data-curve]");
  if (drawing !== null) rects.push(drawing.getBoundingClientRect());
  return rects.length === 0 ? 0 : Math.max(...rects.map(({ right }) => right)) - Math.min(...rects.map(({ left }) => left));
}
