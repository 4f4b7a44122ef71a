/** The last thing that a person did to what a project holds, as long as no change of the view came after it: `Ctrl Z` takes back that first. */

let last: (() => void) | null = null;

export function noteAct(undo: (() => void) | null): void {
  last = undo;
}

/** How to take it back. It is offered once. */
export function takeAct(): (() => void) | null {
  const undo = last;
  last = null;
  return undo;
}
