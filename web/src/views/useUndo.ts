/** `Ctrl Z` and `Ctrl Shift Z`: the view as it was before its last change, and again as it was after. */

import { useCallback, useEffect } from "react";
import type { Search } from "../address";
import { toast } from "../frame/Toasts";
import { useKeys } from "../frame/keys";
import { noteAct, takeAct } from "./acts";
import { type How, type Steps, after, before, differenceInWords, firstStep, shownNow, stepped } from "./steps";

/** By project: who looks at a run and comes back can still undo. */
const histories = new Map<string, Steps>();

/** Returns what is to be told of every change before it is made. */
export function useUndo(project: string, parameters: Search, hold: (parameters: Search) => void): (next: Search, how: How) => void {
  const record = useCallback(
    (next: Search, how: How) => {
      if (how !== "walked") noteAct(null);
      histories.set(project, stepped(histories.get(project) ?? firstStep(next), next, how, Date.now()));
    },
    [project],
  );
  useEffect(() => { record(parameters, "walked"); }, [parameters, record]);

  const step = (by: -1 | 1) => {
    const undo = by < 0 ? takeAct() : null;
    if (undo !== null) {
      undo();
      return;
    }
    const steps = histories.get(project) ?? firstStep(parameters);
    const target = by < 0 ? before(steps) : after(steps);
    if (target === null) {
      toast({ text: by < 0 ? "There is no earlier change of this view to undo" : "There is nothing to redo", about: "undo" });
      return;
    }
    const words = differenceInWords(shownNow(steps), target);
    histories.set(project, { ...steps, at: steps.at + by, small: null });
    hold(target);
    toast({ text: `${by < 0 ? "Undone" : "Redone"}: ${words}`, about: "undo", ...(by < 0 ? { action: { label: "Redo", run: () => { step(1); } } } : {}) });
  };
  useKeys([
    { key: "Ctrl Z", label: "Undo the last change of the view", run: () => { step(-1); } },
    { key: "Ctrl Shift Z", label: "Redo what was undone", run: () => { step(1); } },
  ]);
  return record;
}
