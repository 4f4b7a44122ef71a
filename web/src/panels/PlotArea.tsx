/** A chart of runs by Plotly: drawn, sized, told what is under the pointer, and with a ring around the run that is spotlit. */

import { useEffect, useEffectEvent, useRef } from "react";
import { spotlight } from "../charts/cursor";
import { drawPlot, onPoints, positionOn, removePlot } from "../charts/plot";
import type { PlotData } from "../charts/plotFigure";
import styles from "./panels.module.css";

/** The points of the first trace: of which run each is, and where it stands. */
export type Points = { ids: readonly string[]; x: ArrayLike<number>; y: ArrayLike<number> };
type Props = { plot: PlotData; label: string; points?: Points; onSelect?: ((places: number[]) => void) | undefined };

export function PlotArea({ plot, label, points, onSelect }: Props) {
  const canvas = useRef<HTMLDivElement>(null);
  const ring = useRef<HTMLSpanElement>(null);
  const latest = useRef(plot);
  const idAt = useEffectEvent((place: number | null) => (place === null ? null : (points?.ids[place] ?? null)));
  const select = useEffectEvent((places: number[]) => { onSelect?.(places); });
  const mark = useEffectEvent((id: string | null) => {
    const place = id === null || points === undefined ? -1 : points.ids.indexOf(id);
    const at = canvas.current === null || place < 0 ? null : positionOn(canvas.current, points?.x[place] ?? NaN, points?.y[place] ?? NaN);
    if (ring.current === null) return;
    ring.current.hidden = at === null;
    if (at !== null) ring.current.style.transform = `translate(${String(at.left)}px, ${String(at.top)}px)`;
  });
  useEffect(() => {
    latest.current = plot;
    if (canvas.current !== null) void drawPlot(canvas.current, plot).then(() => { mark(spotlight.get()); });
  }, [plot]);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    let isGone = false;
    void drawPlot(element, latest.current).then(() => {
      if (isGone) return;
      onPoints(element, {
        onHover: (place) => { spotlight.set(idAt(place)); },
        onClick: (place) => { select([place]); },
        onSelect: (places) => { select(places); },
      });
    });
    const observer = new ResizeObserver(() => void drawPlot(element, latest.current));
    observer.observe(element);
    const unwatch = spotlight.watch((id) => { mark(id); });
    return () => {
      isGone = true;
      unwatch();
      observer.disconnect();
      removePlot(element);
    };
  }, []);
  return (
    <div className={styles["plotArea"]}>
      <div ref={canvas} className={styles["plot"]} role="img" aria-label={label} />
      <span ref={ring} className={styles["ring"]} hidden />
    </div>
  );
}
