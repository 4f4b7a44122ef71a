/** The view of a workspace, which stands in the address. */

import { replaceEqualDeep } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Search } from "../address";
import type { SavedView } from "../api";
import { useHeldView } from "../views/useHeldView";
import { useUndo } from "../views/useUndo";
import { type View, readView, writeView } from "./view";

export type ViewState = {
  view: View;
  /** Each change is one step of the browser's history, and one that can be undone; typing is not. */
  change: Change;
  /** The view as it stands in the address, and the saved one that it comes from. */
  parameters: Search;
  base: SavedView | null;
  /** Shows quite another view. */
  open: (parameters: Search) => void;
};
export type Change = (update: (now: View) => View, isTyping?: boolean) => void;

export function useView(project: string): ViewState {
  const { parameters, base, hold } = useHeldView(project);
  const [keepParts] = useState(partsKept);
  const view = useMemo(() => keepParts(readView(parameters)), [keepParts, parameters]);
  const latest = useRef({ view, of: parameters["of"] });
  useEffect(() => {
    latest.current = { view, of: parameters["of"] };
  }, [view, parameters]);
  const record = useUndo(project, parameters, hold);
  const change = useCallback<Change>(
    (update, isTyping = false) => {
      const { view: now, of } = latest.current;
      const next = update(now);
      const isSmall = isTyping || next.charts.search !== now.charts.search || next.charts.smoothing !== now.charts.smoothing;
      latest.current = { view: next, of };
      const changed = { ...writeView(next), of };
      record(changed, isSmall ? "typed" : "changed");
      hold(changed, isSmall);
    },
    [hold, record],
  );
  const open = useCallback((next: Search) => { record(next, "changed"); hold(next); }, [hold, record]);
  return { view, change, parameters, base, open };
}

/** Parts of a view that a change leaves alone stay the same objects, so that what depends on them is not made again. */
function partsKept(): (view: View) => View {
  let last: View | null = null;
  return (view) => {
    last = last === null ? view : replaceEqualDeep(last, view);
    return last;
  };
}
