/** The settings of a page's charts, kept in the address beside whatever else stands there. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { type ChangeSettings, type ChartSettings, readCharts, writeCharts } from "../charts/settings";

export function useChartSettings(): { settings: ChartSettings; onSettings: ChangeSettings } {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const settings = useMemo(() => readCharts(search), [search]);
  const onSettings = useCallback<ChangeSettings>(
    (change) => {
      const isSmall = change.search !== undefined || change.smoothing !== undefined;
      void navigate({
        to: ".",
        search: (now: Record<string, string | undefined>) => ({ ...now, ...writeCharts({ ...readCharts(now), ...change }) }),
        replace: isSmall,
        resetScroll: false,
      });
    },
    [navigate],
  );
  return { settings, onSettings };
}
