/** What a panel shows, by its kind. */

import { Suspense, lazy } from "react";
import { BarChart } from "./BarChart";
import { HistogramChart } from "./HistogramChart";
import { ImportanceChart } from "./ImportanceChart";
import { ParallelChart } from "./ParallelChart";
import { ScatterChart } from "./ScatterChart";
import type { Place } from "./place";
import type { Panel } from "./state";

/** Brings what reads Markdown along. */
const TextContent = lazy(() => import("./TextContent").then((module) => ({ default: module.TextContent })));

type Props = { panel: Panel; place: Place; isEditing: boolean; onChange: (panel: Panel) => void };

export function PanelContent({ panel, ...rest }: Props) {
  switch (panel.kind) {
    case "scatter":
      return <ScatterChart panel={panel} {...rest} />;
    case "parallel":
      return <ParallelChart panel={panel} {...rest} />;
    case "bar":
      return <BarChart panel={panel} {...rest} />;
    case "histogram":
      return <HistogramChart panel={panel} {...rest} />;
    case "importance":
      return <ImportanceChart panel={panel} {...rest} />;
    case "text":
      return <Suspense><TextContent panel={panel} isEditing={rest.isEditing} onChange={rest.onChange} /></Suspense>;
  }
}
