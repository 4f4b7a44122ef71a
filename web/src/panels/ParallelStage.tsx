/**
 * The picture of parallel coordinates: lines on two canvases, axes in SVG above, headings and the hovered run above that.
 *
 * All lines are painted once; what is brushed and what is hovered are canvases of their own, so that neither waits for
 * thousands of lines.
 */

import { type KeyboardEvent, type PointerEvent, useEffect, useEffectEvent, useLayoutEffect, useMemo, useRef, useState } from "react";
import { colours } from "../charts/colours";
import { spotlight } from "../charts/cursor";
import { Icon } from "../parts/Icon";
import { Menu } from "../parts/Menu";
import { useIsDark } from "../theme";
import { type Colouring, colourAt } from "./colour";
import { type Data, valueText } from "./data";
import { type Axis, type Brush, type Brushes, NOWHERE, brushOf, brushedPlaces, nearestRow, ticksOf } from "./parallel";
import styles from "./panels.module.css";

type Size = { width: number; height: number };
type Geometry = Size & { x: (index: number) => number; y: (place: number) => number; place: (y: number) => number; along: (x: number) => number };

type Props = {
  data: Data;
  axes: readonly Axis[];
  colouring: Colouring;
  through: readonly number[];
  brushes: Brushes;
  isBrushed: boolean;
  onBrush: (key: string, brush: Brush | null) => void;
  onRange: (key: string) => void;
  onMove: (from: number, to: number) => void;
  onInvert: (axis: Axis) => void;
  onLog: (axis: Axis) => void;
  onRemove: (axis: Axis) => void;
};

const TOP = 46;
const BOTTOM = 40;
const SIDE = 70;
/** Axes nearer to each other cannot have headings; then the picture scrolls sideways. */
const LEAST_GAP = 96;
const REACH = 0.05;

export function ParallelStage(props: Props) {
  const { data, axes, colouring, through, brushes, isBrushed } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  const [hovered, setHovered] = useState<number | null>(null);
  const isDark = useIsDark();
  const rows = useMemo(() => inDrawingOrder(data, colouring), [data, colouring]);
  const geometry = useMemo(() => geometryOf(size, axes.length), [size, axes.length]);
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const measure = () => { setSize({ width: element.clientWidth, height: element.clientHeight }); };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => { observer.disconnect(); };
  }, []);
  const light = useEffectEvent((id: string | null) => {
    const row = id === null ? -1 : data.ids.indexOf(id);
    setHovered(row < 0 ? null : row);
  });
  useEffect(() => spotlight.watch((id) => { light(id); }), []);
  const brushed = useMemo(() => {
    const chosen = new Set(through);
    return rows.filter((row) => chosen.has(row));
  }, [rows, through]);
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    if (event.buttons !== 0) return;
    const box = event.currentTarget.getBoundingClientRect();
    const at = { along: geometry.along(event.clientX - box.left), place: geometry.place(event.clientY - box.top) };
    const row = nearestRow(axes, isBrushed ? brushed : rows, at, REACH);
    spotlight.set(row === null ? null : (data.ids[row] ?? null));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (event.key === "Escape") spotlight.set(null);
    if (by === 0 || event.target !== event.currentTarget) return;
    event.preventDefault();
    // the strongest colour is on top of the others, and first
    const order = (isBrushed ? brushed : rows).toReversed();
    const at = hovered === null ? -1 : order.indexOf(hovered);
    const row = order[Math.min(order.length - 1, Math.max(0, at + by))];
    if (row !== undefined) spotlight.set(data.ids[row] ?? null);
  };
  return (
    <div ref={frame} className={styles["stageFrame"]}>
      <div
        className={styles["stage"]}
        style={{ width: geometry.width, height: geometry.height }}
        role="group"
        tabIndex={0}
        aria-label={`Parallel coordinates of ${String(data.ids.length)} runs over ${axes.map(({ column }) => column.label).join(", ")}; arrows up and down go through the runs`}
        onPointerMove={onPointerMove}
        onPointerLeave={() => { spotlight.set(null); }}
        onKeyDown={onKeyDown}
      >
        <div className={styles["all"]} data-faint={isBrushed}>
          <Lines {...{ geometry, axes, data, colouring, rows, isDark }} look="all" />
        </div>
        {isBrushed && <Lines {...{ geometry, axes, data, colouring, isDark }} rows={brushed} look="all" />}
        <Lines {...{ geometry, axes, data, colouring, isDark }} rows={hovered === null ? NO_ROWS : [hovered]} look="strong" />
        <svg className={styles["axes"]} width={geometry.width} height={geometry.height} aria-hidden="true">
          {axes.map((axis, index) => (
            <AxisLine key={axis.key} {...{ axis, geometry, index }} brush={brushes[axis.key] ?? null} onBrush={(brush) => { props.onBrush(axis.key, brush); }} />
          ))}
        </svg>
        {axes.map((axis, index) => (
          <Heading key={axis.key} {...{ axis, index, geometry, props }} count={axes.length} isBrushed={brushes[axis.key] !== undefined} />
        ))}
        {hovered !== null && <Hovered {...{ data, axes }} row={hovered} />}
      </div>
    </div>
  );
}

const NO_ROWS: readonly number[] = [];

function geometryOf({ width: room, height }: Size, count: number): Geometry {
  const width = Math.max(room, 2 * SIDE + LEAST_GAP * (count - 1));
  const gap = count > 1 ? (width - 2 * SIDE) / (count - 1) : 0;
  const left = count > 1 ? SIDE : width / 2;
  const length = Math.max(1, height - TOP - BOTTOM);
  return {
    width,
    height,
    x: (index) => left + index * gap,
    y: (place) => TOP + (1 - place) * length,
    place: (y) => 1 - (y - TOP) / length,
    along: (x) => (gap === 0 ? 0 : (x - left) / gap),
  };
}

/** Runs with the greatest number on top; those without one below all. */
function inDrawingOrder(data: Data, colouring: Colouring): number[] {
  const rows = data.ids.map((_, row) => row).reverse();
  if (colouring.kind !== "numbers") return rows;
  const rank = (row: number) => {
    const place = colouring.places[row] ?? NaN;
    return Number.isNaN(place) ? -1 : place;
  };
  return rows.sort((a, b) => rank(a) - rank(b));
}

type LinesProps = { geometry: Geometry; axes: readonly Axis[]; data: Data; colouring: Colouring; rows: readonly number[]; look: "all" | "strong"; isDark: boolean };

/** A line of one device pixel is painted ten times as quickly as a wider one, which matters where there are many. */
const widthOf = (look: "all" | "strong", count: number) => (look === "strong" ? 3 : count > 200 ? 1 / window.devicePixelRatio : 1.2);
/** So many lines are painted in one frame, and the rest in the next ones: a click need not wait for thousands. */
const AT_ONCE = 400;

function Lines({ geometry, axes, data, colouring, rows, look, isDark }: LinesProps) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext("2d") ?? null;
    if (canvas === null || context === null || geometry.height === 0) return;
    const ratio = window.devicePixelRatio;
    canvas.width = Math.round(geometry.width * ratio);
    canvas.height = Math.round(geometry.height * ratio);
    context.scale(ratio, ratio);
    let start = 0;
    let frame = 0;
    const paintNext = () => {
      paintLines(context, { geometry, axes, data, colouring, rows: rows.slice(start, start + AT_ONCE), look, isDark }, { width: widthOf(look, rows.length), opacity: opacityOf(look, rows.length) });
      start += AT_ONCE;
      if (start < rows.length) frame = requestAnimationFrame(paintNext);
    };
    paintNext();
    return () => { cancelAnimationFrame(frame); };
  }, [geometry, axes, data, colouring, rows, look, isDark]);
  return <canvas ref={ref} className={styles["lines"]} />;
}

/** Many lines are seen through each other. */
const opacityOf = (look: "all" | "strong", count: number) => (look === "strong" ? 1 : Math.max(0.25, Math.min(0.85, 60 / count)));

/** Lines of one colour that follow each other are one path: a path costs more than its points. */
function paintLines(context: CanvasRenderingContext2D, { geometry, axes, data, colouring, rows, look }: LinesProps, { width, opacity }: { width: number; opacity: number }): void {
  const paint = colours();
  const xs = axes.map((_, index) => geometry.x(index));
  context.lineWidth = width;
  context.globalAlpha = opacity;
  context.lineJoin = "round";
  let colour = "";
  for (const row of rows) {
    const next = look === "strong" ? paint.text : colourAt(colouring, data, row, paint);
    if (next !== colour) {
      if (colour !== "") context.stroke();
      context.beginPath();
      context.strokeStyle = next;
      colour = next;
    }
    axes.forEach(({ places }, index) => {
      const [x, y] = [xs[index] ?? 0, geometry.y(places[row] ?? NOWHERE)];
      if (index === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    });
    if (axes.length === 1) context.lineTo((xs[0] ?? 0) + 12, geometry.y(axes[0]?.places[row] ?? NOWHERE));
  }
  if (colour !== "") context.stroke();
}

type AxisProps = { axis: Axis; index: number; geometry: Geometry; brush: Brush | null; onBrush: (brush: Brush | null) => void };

function AxisLine({ axis, index, geometry, brush, onBrush }: AxisProps) {
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const x = geometry.x(index);
  const shown = drag ?? (brush === null ? null : placesOf(brushedPlaces(axis, brush)));
  const placeAt = (event: PointerEvent<SVGRectElement>) => Math.min(1, Math.max(0, geometry.place(event.clientY - (event.currentTarget.ownerSVGElement?.getBoundingClientRect().top ?? 0))));
  return (
    <g>
      <line x1={x} x2={x} y1={geometry.y(1)} y2={geometry.y(0)} className={styles["axis"]} />
      {ticksOf(axis).map(({ place, text }) => (
        <g key={text} transform={`translate(${String(x)} ${String(geometry.y(place))})`}>
          <line x1={-4} className={styles["axis"]} />
          <text x={-7} dy="0.32em" className={styles["tick"]}>{text.length > 14 ? `${text.slice(0, 13)}…` : text}</text>
        </g>
      ))}
      {axis.missing > 0 && <text x={x} y={geometry.y(NOWHERE) + 16} className={styles["nowhere"]}>{axis.isLog ? "none or ≤ 0" : "none"}: {axis.missing}</text>}
      {shown !== null && <rect x={x - 9} width={18} y={geometry.y(Math.max(shown.from, shown.to))} height={Math.max(2, geometry.y(Math.min(shown.from, shown.to)) - geometry.y(Math.max(shown.from, shown.to)))} className={styles["brush"]} />}
      <rect
        x={x - 14}
        width={28}
        y={geometry.y(1) - 6}
        height={geometry.y(0) - geometry.y(1) + 12}
        className={styles["grip"]}
        data-axis={axis.key}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          const from = placeAt(event);
          setDrag({ from, to: from });
        }}
        onPointerMove={(event) => { if (drag !== null) setDrag({ ...drag, to: placeAt(event) }); }}
        onPointerUp={(event) => {
          if (drag === null) return;
          setDrag(null);
          const to = placeAt(event);
          // a click takes the brush away
          onBrush(Math.abs(to - drag.from) < 0.005 ? null : brushOf(axis, drag.from, to));
        }}
        onPointerCancel={() => { setDrag(null); }}
      />
    </g>
  );
}

const placesOf = ([from, to]: [number, number]) => ({ from, to });

type HeadingProps = { axis: Axis; index: number; count: number; geometry: Geometry; isBrushed: boolean; props: Props };

function Heading({ axis, index, count, geometry, isBrushed, props }: HeadingProps) {
  const [drag, setDrag] = useState<{ start: number; by: number } | null>(null);
  const gap = count > 1 ? geometry.x(1) - geometry.x(0) : 2 * SIDE;
  const drop = (by: number) => {
    const to = Math.round(geometry.along(geometry.x(index) + by));
    if (to !== index) props.onMove(index, to);
  };
  return (
    <div className={styles["heading"]} data-dragged={drag !== null} style={{ width: Math.min(gap, 2 * SIDE), transform: `translateX(calc(${String(geometry.x(index) + (drag?.by ?? 0))}px - 50%))` }}>
      <span
        className={styles["name"]}
        title={`${axis.key}: drag to reorder`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ start: event.clientX, by: 0 });
        }}
        onPointerMove={(event) => { if (drag !== null) setDrag({ ...drag, by: event.clientX - drag.start }); }}
        onPointerUp={() => {
          if (drag === null) return;
          setDrag(null);
          drop(drag.by);
        }}
        onPointerCancel={() => { setDrag(null); }}
      >
        <bdi>{axis.column.label}</bdi>
        {(axis.isLog || axis.isInverted) && <span className="muted"> {[axis.isLog ? "log" : "", axis.isInverted ? "↓" : ""].join(" ")}</span>}
      </span>
      <Menu
        label={`Axis ${axis.column.label}`}
        look="icon"
        entries={[
          { kind: "do", label: "Range…", onSelect: () => { props.onRange(axis.key); } },
          ...(isBrushed ? [{ kind: "do" as const, label: "Clear the range", onSelect: () => { props.onBrush(axis.key, null); } }] : []),
          { kind: "line" },
          ...(axis.column.isText ? [] : [{ kind: "choice" as const, label: "Logarithmic", isChosen: axis.isLog, onSelect: () => { props.onLog(axis); } }]),
          { kind: "choice", label: "Upside down", isChosen: axis.isInverted, onSelect: () => { props.onInvert(axis); } },
          { kind: "line" },
          ...(index > 0 ? [{ kind: "do" as const, label: "Move left", onSelect: () => { props.onMove(index, index - 1); } }] : []),
          ...(index < count - 1 ? [{ kind: "do" as const, label: "Move right", onSelect: () => { props.onMove(index, index + 1); } }] : []),
          ...(count > 1 ? [{ kind: "do" as const, label: "Remove", onSelect: () => { props.onRemove(axis); } }] : []),
        ]}
      >
        <Icon name="more" size={14} />
      </Menu>
    </div>
  );
}

function Hovered({ data, axes, row }: { data: Data; axes: readonly Axis[]; row: number }) {
  return (
    <p className={styles["hovered"]} role="status">
      <strong><bdi>{data.names[row]}</bdi></strong> {axes.map(({ key, column }) => `${column.label} ${valueText(column, row)}`.concat(key === axes.at(-1)?.key ? "" : " · "))}
    </p>
  );
}
