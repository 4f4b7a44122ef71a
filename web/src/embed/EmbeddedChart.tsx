/** One metric as a chart that fills the room it has. */

import { useEffect, useEffectEvent, useMemo, useRef, useSyncExternalStore } from "react";
import { type Figure, type Range, type RunStyle, describeFigure, exactness, lineFigure } from "../charts/figure";
import { attachOverlay } from "../charts/overlay";
import { figures } from "../charts/Tile";
import type { ChartSettings } from "../charts/settings";
import type { SeriesStore } from "../charts/store";
import { remove, resize, update } from "../charts/tile";
import { useIsDark } from "../theme";
import styles from "./Embed.module.css";

type Props = { store: SeriesStore; metric: string; runs: readonly RunStyle[]; settings: ChartSettings; onZoom: (range: Range | null) => void };

export function EmbeddedChart({ store, metric, runs, settings, onZoom }: Props) {
  const state = useSyncExternalStore(
    useMemo(() => (listener: () => void) => store.watch(metric, listener), [store, metric]),
    () => store.state(metric),
  );
  const figure = useMemo(() => {
    const styleOf = new Map(runs.map((run) => [run.id, run]));
    const drawn = state.series.flatMap((series) => {
      const style = styleOf.get(series.run);
      return style === undefined ? [] : [{ series, style }];
    });
    return lineFigure(metric, drawn, settings);
  }, [metric, runs, state, settings]);
  const all = [...figure.lines, ...figure.superseded];
  const label = describeFigure(metric, settings, new Set(all.map(({ run }) => run)).size);
  return (
    <figure className={styles["chart"]} aria-label={label} data-metric={metric}>
      <figcaption>
        <bdi>{metric}</bdi>
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
