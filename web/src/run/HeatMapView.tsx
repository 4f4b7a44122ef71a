/** Devices by time as coloured cells, with the cursor that all charts of the page share. */

import { useEffect, useEffectEvent, useRef, useState } from "react";
import { cursor } from "../charts/cursor";
import { xText } from "../charts/ticks";
import type { XAxis } from "../charts/figure";
import { formatMeasure } from "../charts/units";
import { viridis } from "../charts/viridis";
import styles from "./SystemTab.module.css";
import type { HeatMap } from "./systemFigure";

const SHADES = Array.from({ length: 12 }, (_, shade) => viridis(shade / 11)).join(", ");
/** With the arrow keys one crosses the map in so many steps. */
const KEY_STEPS = 50;

export function HeatMapView({ map, axis, label }: { map: HeatMap; axis: XAxis; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const cells = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<{ x: number; row: number | null } | null>(null);
  useEffect(() => { if (canvas.current !== null) paint(canvas.current, map); }, [map]);
  const follow = useEffectEvent((x: number | null, isOwn: boolean) => {
    const isInside = x !== null && x >= map.x[0] && x <= map.x[1];
    setAt((now) => (isInside ? { x, row: isOwn ? (now?.row ?? 0) : null } : null));
  });
  useEffect(() => cursor.watch((hover) => { follow(hover?.x ?? null, hover?.source === cells.current); }), []);
  const span = map.x[1] - map.x[0];
  const point = (x: number, row: number, clientX: number, clientY: number) => {
    setAt({ x, row });
    if (cells.current !== null) cursor.set({ x, source: cells.current, clientX, clientY, isPinned: false });
  };
  const leave = () => { if (cells.current !== null) cursor.leave(cells.current); };
  return (
    <div className={styles["map"]}>
      <div
        ref={cells}
        className={styles["cells"]}
        style={{ height: Math.max(120, map.names.length * 12) }}
        tabIndex={0}
        role="img"
        aria-label={label}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const row = Math.min(map.names.length - 1, Math.floor(((event.clientY - box.top) / box.height) * map.names.length));
          point(map.x[0] + ((event.clientX - box.left) / box.width) * span, Math.max(0, row), event.clientX, event.clientY);
        }}
        onPointerLeave={leave}
        onBlur={leave}
        onKeyDown={(event) => {
          const step = MOVES[event.key];
          if (step === undefined) return;
          event.preventDefault();
          const box = event.currentTarget.getBoundingClientRect();
          const x = Math.min(map.x[1], Math.max(map.x[0], (at?.x ?? map.x[0]) + (step[0] * span) / KEY_STEPS));
          const row = Math.min(map.names.length - 1, Math.max(0, (at?.row ?? 0) + step[1]));
          point(x, row, box.left, box.top);
        }}
      >
        <canvas ref={canvas} width={map.rows[0]?.length ?? 1} height={map.rows.length} />
        {at !== null && <span className={styles["line"]} style={{ left: `${String(((at.x - map.x[0]) / span) * 100)}%` }} />}
      </div>
      <ul className={styles["names"]} aria-hidden="true">
        {map.names.map((name) => <li key={name}>{name}</li>)}
      </ul>
      <div className={styles["scale"]}>
        <span>{formatMeasure(map.metric, map.low)}</span>
        <span className={styles["shades"]} style={{ background: `linear-gradient(to right, ${SHADES})` }} />
        <span>{formatMeasure(map.metric, map.high)}</span>
        <span className={styles["reading"]} aria-live="polite">{at !== null && at.row !== null && readingOf(map, axis, at.x, at.row)}</span>
      </div>
    </div>
  );
}

const MOVES: Record<string, readonly [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function readingOf(map: HeatMap, axis: XAxis, x: number, row: number): string {
  const cells = map.rows[row] ?? new Float64Array();
  const cell = Math.min(cells.length - 1, Math.floor(((x - map.x[0]) / (map.x[1] - map.x[0])) * cells.length));
  const value = cells[cell] ?? NaN;
  return `${map.names[row] ?? ""} ${Number.isNaN(value) ? "not read" : formatMeasure(map.metric, value)} at ${xText(axis, x)}`;
}

/** A pixel for each cell; the browser stretches them. */
function paint(canvas: HTMLCanvasElement, { rows, low, high }: HeatMap): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.clearRect(0, 0, canvas.width, canvas.height);
  rows.forEach((row, down) => {
    row.forEach((value, across) => {
      if (Number.isNaN(value)) return;
      context.fillStyle = viridis((value - low) / (high - low));
      context.fillRect(across, down, 1, 1);
    });
  });
}
