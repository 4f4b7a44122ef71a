/** Clouds of points, to be turned with the mouse, a finger or the keys; several turn together. */

import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { colours } from "../../charts/colours";
import { formatBytes, formatCount, formatNumber } from "../../format";
import { Failure, Outline } from "../../parts/Note";
import { Swatch } from "../../parts/Run";
import { useIsDark } from "../../theme";
import { type Cloud, type Colouring, START, type View, cloudOf, colouringsOf, hueOfClass, paintCloud, pixelsOf, project, spanOf } from "./cloud";
import { useContent } from "./content";
import { type Object3D, readObject3D } from "./details";
import styles from "./kinds.module.css";
import { AsTable, Each } from "./parts";
import { type Piece, type Shown, titleOf } from "./piece";

const MOST_BYTES = 64 * 1024 * 1024;
const WORDS: Record<Colouring, string> = { rgb: "its colours", class: "class", intensity: "intensity", height: "height" };

export function CloudMedia(shown: Shown) {
  const [view, setView] = useState(START);
  return <Each shown={shown} read={readObject3D}>{(piece, details) => <OneCloud piece={piece} details={details} label={titleOf(piece, shown)} view={view} onView={setView} size={shown.size} />}</Each>;
}

type OneProps = { piece: Piece; details: Object3D; label: string; view: View; onView: (view: View) => void; size: Shown["size"] };

function OneCloud({ piece, details, label, view, onView, size }: OneProps) {
  const content = useContent(piece.content_url, piece.size_bytes, MOST_BYTES);
  // details come anew with each answer; the bytes are those of the same piece
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const cloud = useMemo(() => (content.data === undefined ? null : cloudOf(content.data.bytes, details)), [content.data]);
  const possible = colouringsOf(details.fields);
  const [chosen, setChosen] = useState<Colouring | null>(null);
  const by = chosen ?? possible[0] ?? "height";
  if (content.error !== null) return <Failure what="The points could not be fetched." error={content.error} onRetry={() => void content.refetch()} />;
  if (piece.content_url === null) return <p className="muted">There are no points.</p>;
  if (cloud === null) return <Outline lines={6} />;
  if (cloud.count === 0) return <p className="muted">None of its points has a place that can be drawn.</p>;
  const isPart = cloud.count < details.count;
  return (
    <>
      <Stage cloud={cloud} by={by} view={view} onView={onView} label={label} size={size} />
      <div className={styles["tools"]}>
        <label className={styles["choice"]}>
          Colour by
          <select aria-label="Colour by" value={by} onChange={(event) => { setChosen(event.target.value as Colouring); }}>
            {possible.map((one) => <option key={one} value={one}>{WORDS[one]}</option>)}
          </select>
        </label>
        <button type="button" aria-label="Zoom out" title="Zoom out (−)" onClick={() => { onView(zoomed(view, 1 / 1.25)); }}>−</button>
        <button type="button" aria-label="Zoom in" title="Zoom in (+)" onClick={() => { onView(zoomed(view, 1.25)); }}>+</button>
        <button type="button" onClick={() => { onView(START); }}>Reset</button>
        <AsTable what={label} numbers={() => tableOf(piece, details, cloud)} />
        <a href={piece.content_url} download>Download</a>
        <span className="muted small">
          {isPart ? `${formatCount(cloud.count)} of ${formatCount(details.count)} points` : `${formatCount(cloud.count)} points`}
          {content.data?.isCut === true && `, from the first ${formatBytes(MOST_BYTES)}`}
        </span>
      </div>
      {by === "class" && <Classes cloud={cloud} names={details.classes} />}
    </>
  );
}

const zoomed = (view: View, by: number): View => ({ ...view, zoom: Math.min(40, Math.max(0.2, view.zoom * by)) });
const turned = (view: View, turn: number, tilt: number): View => ({ ...view, turn: view.turn + turn, tilt: Math.min(Math.PI / 2, Math.max(-Math.PI / 2, view.tilt + tilt)) });

const KEY_TURN = Math.PI / 24;

function nextView(view: View, key: string): View | null {
  switch (key) {
    case "ArrowLeft": return turned(view, KEY_TURN, 0);
    case "ArrowRight": return turned(view, -KEY_TURN, 0);
    case "ArrowUp": return turned(view, 0, -KEY_TURN);
    case "ArrowDown": return turned(view, 0, KEY_TURN);
    case "+": case "=": return zoomed(view, 1.25);
    case "-": return zoomed(view, 1 / 1.25);
    case "Home": return START;
    default: return null;
  }
}

type StageProps = { cloud: Cloud; by: Colouring; view: View; onView: (view: View) => void; label: string; size: Shown["size"] };

function Stage({ cloud, by, view, onView, label, size }: StageProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const held = useRef<{ x: number; y: number } | null>(null);
  const [box, setBox] = useState<readonly [number, number]>([0, 0]);
  const isDark = useIsDark();
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the hues are those of the theme
  const pixels = useMemo(() => pixelsOf(cloud, by, colours().hues), [cloud, by, isDark]);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => { setBox([element.clientWidth, element.clientHeight]); });
    observer.observe(element);
    return () => { observer.disconnect(); };
  }, []);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (canvas.current === null || context === null || context === undefined || box[0] === 0) return;
    const [width, height] = box.map((length) => Math.round(length * Math.min(2, window.devicePixelRatio))) as [number, number];
    Object.assign(canvas.current, { width, height });
    const image = context.createImageData(width, height);
    const paint = colours();
    paintCloud(new Uint32Array(image.data.buffer), width, height, cloud, pixels, view, paint.background);
    context.putImageData(image, 0, 0);
    drawAxes(context, view, width, height, paint.muted);
  }, [cloud, pixels, view, box, isDark]);
  const zoom = useRef<(by: number) => void>(() => undefined);
  useEffect(() => { zoom.current = (factor) => { onView(zoomed(view, factor)); }; }, [view, onView]);
  useEffect(() => {
    const element = canvas.current;
    const turnWheel = (event: WheelEvent) => {
      // without the focus the wheel scrolls the page, as it does everywhere
      if (document.activeElement !== element) return;
      event.preventDefault();
      zoom.current(Math.exp(-event.deltaY / 500));
    };
    element?.addEventListener("wheel", turnWheel, { passive: false });
    return () => { element?.removeEventListener("wheel", turnWheel); };
  }, []);
  const press = (event: KeyboardEvent) => {
    const next = event.ctrlKey || event.metaKey || event.altKey ? null : nextView(view, event.key);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    onView(next);
  };
  return (
    <canvas
      ref={canvas}
      className={styles["cloud"]}
      data-size={size}
      role="application"
      tabIndex={0}
      aria-label={`Point cloud ${label}, ${formatCount(cloud.count)} points by ${WORDS[by]}. Arrow keys turn it, plus and minus zoom, Home goes back.`}
      aria-roledescription="point cloud"
      data-turn={view.turn.toFixed(2)}
      onKeyDown={press}
      onPointerDown={(event) => {
        held.current = { x: event.clientX, y: event.clientY };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (held.current === null) return;
        onView(turned(view, (held.current.x - event.clientX) / 150, (event.clientY - held.current.y) / 150));
        held.current = { x: event.clientX, y: event.clientY };
      }}
      onPointerUp={() => { held.current = null; }}
      onPointerCancel={() => { held.current = null; }}
    />
  );
}

/** Which way the axes point, in the lower left corner. */
function drawAxes(context: CanvasRenderingContext2D, view: View, width: number, height: number, colour: string): void {
  const unit = Math.min(width, height) * 0.07;
  const [left, bottom] = [unit * 1.6, height - unit * 1.6];
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = 1.5;
  context.font = `${String(Math.max(10, Math.round(unit * 0.45)))}px system-ui, sans-serif`;
  for (const [name, x, y, z] of [["x", 1, 0, 0], ["y", 0, 1, 0], ["z", 0, 0, 1]] as const) {
    const [across, down] = project(x * 1e-3, y * 1e-3, z * 1e-3, { ...view, zoom: 1 }, 1000, 1000).map((place) => (place - 500) / 0.36) as [number, number, number];
    context.beginPath();
    context.moveTo(left, bottom);
    context.lineTo(left + across * unit, bottom + down * unit);
    context.stroke();
    context.fillText(name, left + across * unit * 1.3 - 3, bottom + down * unit * 1.3 + 3);
  }
}

function Classes({ cloud, names }: { cloud: Cloud; names: ReadonlyMap<number, string> }) {
  const counts = useMemo(() => countsOf(cloud), [cloud]);
  const hues = colours().hues.length;
  return (
    <ul className={styles["legend"]}>
      {[...counts].sort(([, a], [, b]) => b - a).slice(0, 40).map(([id, count]) => (
        <li key={id}><Swatch hue={hueOfClass(id, hues)} /><bdi>{names.get(id) ?? `class ${String(id)}`}</bdi> <span className="muted small">{formatCount(count)}</span></li>
      ))}
    </ul>
  );
}

function countsOf({ count, values, fields }: Cloud): Map<number, number> {
  const counts = new Map<number, number>();
  const place = fields.indexOf("class");
  for (let point = 0; place >= 0 && point < count; point += 1) {
    const id = Math.trunc(values[point * fields.length + place] ?? 0);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

const tableOf = (piece: Piece, { classes }: Object3D, cloud: Cloud) => ({
  title: `${piece.name} in numbers`,
  head: ["", "least", "greatest"],
  rows: [
    ...cloud.fields.map((field, index) => [field, ...spanOf(cloud.values, cloud.fields.length, index).map(formatNumber)]),
    ...[...countsOf(cloud)].map(([id, count]) => [`points of ${classes.get(id) ?? `class ${String(id)}`}`, formatCount(count), ""]),
  ],
  note: `Of the ${formatCount(cloud.count)} points that are drawn.`,
});
