/** The settings of a page's charts, kept in the address beside whatever else stands there. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { XAxis } from "../charts/figure";
import { readAxis } from "../charts/axes";
import { type ChangeSettings, type ChartSettings, readCharts, writeCharts } from "../charts/settings";

/** `usualX` is the axis of an address that names none. */
export function useChartSettings(usualX: XAxis = "step"): { settings: ChartSettings; onSettings: ChangeSettings } {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const settings = useMemo(() => readHere(search, usualX), [search, usualX]);
  const onSettings = useCallback<ChangeSettings>(
    (change) => {
      const isSmall = change.search !== undefined || change.smoothing !== undefined;
      void navigate({
        to: ".",
        search: (now: Record<string, string | undefined>) => {
          const next = { ...readHere(now, usualX), ...change };
          return { ...now, ...writeCharts(next), x: next.x === usualX ? undefined : next.x };
        },
        replace: isSmall,
        resetScroll: false,
      });
    },
    [navigate, usualX],
  );
  return { settings, onSettings };
}

const readHere = (search: Record<string, string | undefined>, usualX: XAxis): ChartSettings => ({ ...readCharts(search), x: search["x"] === undefined ? usualX : readAxis(search["x"]) });
