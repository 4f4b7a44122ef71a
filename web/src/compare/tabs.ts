/**
 * The parts of a comparison, in order, under their names in the address (`?tab=`). Each is a chunk of its own.
 *
 * A part gets the runs that are compared, in the order of their columns; what else it needs it fetches by itself. One that
 * draws series hands the page its store, which the page's live request keeps up to date.
 */

import { type ComponentType, lazy } from "react";
import type { Comparison } from "../api";
import type { SeriesStore } from "../charts/store";

export type LiveStore = Pick<SeriesStore, "watching" | "merge">;

/** `project` is the one in the address; runs may be of others. `baseline` is the id of one of the runs. */
export type PartProps = { comparison: Comparison; project: string; baseline: string; onStore: (store: LiveStore | null) => void };
export type Part = { name: string; label: string; Content: ComponentType<PartProps> };

export const PARTS: readonly [Part, ...Part[]] = [
  { name: "differences", label: "Differences", Content: lazy(() => import("./Differences").then((module) => ({ default: module.Differences }))) },
  { name: "charts", label: "Charts", Content: lazy(() => import("./CompareCharts").then((module) => ({ default: module.CompareCharts }))) },
  { name: "parallel", label: "Parallel", Content: lazy(() => import("./ComparePanels").then((module) => ({ default: module.CompareParallel }))) },
  { name: "scatter", label: "Scatter", Content: lazy(() => import("./ComparePanels").then((module) => ({ default: module.CompareScatter }))) },
  { name: "importance", label: "Importance", Content: lazy(() => import("./ComparePanels").then((module) => ({ default: module.CompareImportance }))) },
  { name: "media", label: "Media", Content: lazy(() => import("../media/MediaComparison").then((module) => ({ default: module.MediaComparison }))) },
  { name: "console", label: "Console", Content: lazy(() => import("./Consoles").then((module) => ({ default: module.Consoles }))) },
];

export const partNamed = (name: string | undefined): Part => PARTS.find((part) => part.name === name) ?? PARTS[0];
