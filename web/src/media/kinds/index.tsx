/**
 * Shows pieces of media of one name and kind: of one run, or of several at the same step. Each kind is a chunk of its own
 * that is fetched when the first of it is shown, and what breaks in one stays there.
 */

import { type ComponentType, type ReactNode, Suspense, lazy } from "react";
import { Boundary } from "../../parts/Boundary";
import { Outline } from "../../parts/Note";
import type { Piece, Showing, Shown } from "./piece";

export type { Piece, Showing, ShownRun } from "./piece";

const framed = lazy(() => import("./FramedMedia").then((module) => ({ default: module.FramedMedia })));

const curves = lazy(() => import("./CurveMedia").then((module) => ({ default: module.CurveMedia })));

const KINDS: ReadonlyMap<string, ComponentType<Shown>> = new Map<string, ComponentType<Shown>>([
  ["audio", lazy(() => import("./AudioMedia").then((module) => ({ default: module.AudioMedia })))],
  ["video", lazy(() => import("./VideoMedia").then((module) => ({ default: module.VideoMedia })))],
  ["text", lazy(() => import("./TextMedia").then((module) => ({ default: module.TextMedia })))],
  ["html", framed],
  ["svg", framed],
  ["plotly", framed],
  ["histogram", lazy(() => import("./HistogramMedia").then((module) => ({ default: module.HistogramMedia })))],
  ["pr_curve", curves],
  ["roc", curves],
  ["confusion_matrix", lazy(() => import("./ConfusionMedia").then((module) => ({ default: module.ConfusionMedia })))],
  ["table", lazy(() => import("../../tables/TableMedia").then((module) => ({ default: module.TableMedia })))],
  ["object3d", lazy(() => import("./CloudMedia").then((module) => ({ default: module.CloudMedia })))],
]);

/** Whether a kind is shown here; images have a place of their own. */
export const isShown = (kind: string): boolean => KINDS.has(kind);

/** The pieces are of one name and kind, with their details; those of kinds with a figure for it, such as curves, are drawn in one. */
export function showMedia(media: readonly Piece[], showing: Showing): ReactNode {
  const [first] = media;
  if (first === undefined) return null;
  const Kind = KINDS.get(first.kind);
  if (Kind === undefined) return <p className="muted">Media of the kind “{first.kind}” cannot be shown by this version.{first.content_url !== null && <> <a href={first.content_url} download>Download the file</a></>}</p>;
  return (
    <Boundary what={`${first.name} could not be shown.`}>
      <Suspense fallback={<Outline lines={6} />}>
        <Kind media={media} {...showing} />
      </Suspense>
    </Boundary>
  );
}
