/** The view of a workspace, which stands in the address. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { type View, readView, writeView } from "./view";

/** The view in the address, and how to change it: each change is one step of the browser's history, typing is not. */
export function useView(project: string) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const view = useMemo(() => readView(search), [search]);
  const latest = useRef(view);
  useEffect(() => {
    latest.current = view;
  }, [view]);
  const change = useCallback(
    (update: (now: View) => View, isTyping = false) => {
      const next = update(latest.current);
      const isSmall = isTyping || next.charts.search !== latest.current.charts.search || next.charts.smoothing !== latest.current.charts.smoothing;
      latest.current = next;
      void navigate({ to: "/p/$project", params: { project }, search: writeView(next), replace: isSmall, resetScroll: false });
    },
    [navigate, project],
  );
  return { view, change };
}

export type Change = ReturnType<typeof useView>["change"];
