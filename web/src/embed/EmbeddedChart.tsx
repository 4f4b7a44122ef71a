/** One metric as a chart that fills the room it has. */

import { useEffect, useEffectEvent, useMemo, useRef } from "react";
import { type Figure, type Range, type RunStyle, describeFigure, exactness } from "../charts/figure";
import { chartTitle } from "../charts/made";
import { attachOverlay } from "../charts/overlay";
import { figures } from "../charts/Tile";
import type { ChartSettings } from "../charts/settings";
import type { SeriesStore } from "../charts/store";
import { remove, resize, update } from "../charts/tile";
import { chartFigure, useMetric } from "../charts/useMetric";
import { useIsDark } from "../theme";
import styles from "./Embed.module.css";

type Props = { store: SeriesStore; metric: string; runs: readonly RunStyle[]; settings: ChartSettings; onZoom: (range: Range | null) => void };

/** A chart of several is shared as one of each. */
const NO_METRICS: readonly string[] = [];

export function EmbeddedChart({ store, metric, runs, settings, onZoom }: Props) {
  const state = useMetric(store, metric, true, NO_METRICS);
  const figure = useMemo(() => chartFigure(metric, state, runs, settings), [metric, runs, state, settings]);
  const name = chartTitle(metric);
  const all = [...figure.lines, ...figure.superseded];
  const label = describeFigure(name, settings, new Set(all.map(({ run }) => run)).size);
  return (
    <figure className={styles["chart"]} aria-label={label} data-metric={metric}>
      <figcaption>
        <bdi>{name}</bdi>
        {all.length > 0 && <span className="muted small" title={exactness(figure).sentence}>{exactness(figure).word}</span>}
        {settings.range !== null && <button type="button" data-look="link" onClick={() => { onZoom(null); }}>Reset zoom</button>}
      </figcaption>
      <div className={styles["plot"]}>
        {all.length > 0 ? (
          <Canvas {...{ figure, label, onZoom }} />
        ) : state.error !== null ? (
          <p role="alert">{state.error} <button type="button" data-look="link" onClick={() => { store.retry(metric); }}>Retry</button></p>
        ) : (
          !state.isLoading && <p className="muted">No points from these runs</p>
        )}
      </div>
    </figure>
  );
}

function Canvas({ figure, label, onZoom }: { figure: Figure; label: string; onZoom: Props["onZoom"] }) {
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(figure);
  const isDark = useIsDark();
  useEffect(() => {
    latest.current = figure;
    if (host.current !== null) update(host.current, figure);
  }, [figure, isDark]);
  const zoom = useEffectEvent(onZoom);
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    figures.set(element, () => latest.current);
    const detach = attachOverlay(element, { figure: () => latest.current, onZoom: (range) => { zoom(range); }, onReset: () => { zoom(null); }, onEnter: () => undefined });
    const observer = new ResizeObserver(() => { resize(element); });
    observer.observe(element);
    return () => {
      observer.disconnect();
      detach();
      remove(element);
    };
  }, []);
  return <div ref={host} className={styles["canvas"]} tabIndex={0} role="img" aria-label={label} />;
}
