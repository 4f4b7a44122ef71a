/** The view of a comparison, which stands in the address beside the settings of the charts. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { Search } from "../address";
import { type CompareView, readCompare, writeCompare } from "./view";

export type ChangeCompare = (update: (now: CompareView) => CompareView, isTyping?: boolean) => void;

/** Each change is one step of the browser's history, typing is not. */
export function useCompareView(): { view: CompareView; change: ChangeCompare } {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const view = useMemo(() => readCompare(search), [search]);
  const change = useCallback<ChangeCompare>(
    (update, isTyping = false) =>
      void navigate({ to: ".", search: (now: Search) => ({ ...now, ...writeCompare(update(readCompare(now))) }), replace: isTyping, resetScroll: false }),
    [navigate],
  );
  return { view, change };
}
