/** A place in which something as large as an image is seen in part: zoomed by wheel, keys or buttons, moved by dragging or keys. */

import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { useHandler } from "../../parts/useHandler";
import styles from "./Images.module.css";
import { type Rectangle, type Size, type View, WHOLE, moved, pixelAt, rectangleOf, zoomed } from "./view";

const MOVED_PX = 60;

type Props = {
  label: string;
  size: Size;
  view: View;
  onView: (view: View) => void;
  /** The wheel alone scrolls the page. */
  needsCtrl?: boolean;
  children: (at: Rectangle, place: Size) => ReactNode;
  tools?: ReactNode;
};

export function Stage({ label, size, view, onView, needsCtrl = false, children, tools }: Props) {
  const [place, setPlace] = useState<Size | null>(null);
  const [pixel, setPixel] = useState<{ x: number; y: number } | null>(null);
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined && entry.contentRect.width > 0) setPlace({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(element.current);
    return () => { observer.disconnect(); };
  }, []);
  const pointOf = (event: { clientX: number; clientY: number }) => {
    const box = element.current?.getBoundingClientRect();
    return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) };
  };
  const zoom = (factor: number) => { if (place !== null) onView(zoomed(view, factor, size, place)); };
  const onWheel = useHandler((event: WheelEvent) => {
    if (place === null || (needsCtrl && !event.ctrlKey && !event.metaKey)) return;
    event.preventDefault();
    onView(zoomed(view, Math.exp(-event.deltaY / 300), size, place, pointOf(event)));
  });
  useEffect(() => {
    const target = element.current;
    target?.addEventListener("wheel", onWheel, { passive: false }); // React's own may not keep the page from scrolling
    return () => { target?.removeEventListener("wheel", onWheel); };
  }, [onWheel]);
  const onMove = (event: PointerEvent) => {
    if (place === null) return;
    if (event.buttons === 1 && view.scale > 1) onView(moved(view, event.movementX, event.movementY, size, place));
    setPixel(pixelAt(view, size, place, pointOf(event)));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (place === null) return;
    const way = event.shiftKey ? WAYS[event.key] : undefined;
    if (way !== undefined) onView(moved(view, way[0] * MOVED_PX, way[1] * MOVED_PX, size, place));
    else if (event.key === "+" || event.key === "=") zoom(1.5);
    else if (event.key === "-") zoom(1 / 1.5);
    else if (event.key === "0") onView(WHOLE);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={styles["viewer"]}>
      <div
        ref={element}
        className={styles["stage"]}
        role="group"
        aria-label={label}
        title={needsCtrl ? "Ctrl and the wheel, plus and minus zoom; Shift and arrows move" : "The wheel, plus and minus zoom; Shift and arrows move"}
        tabIndex={0}
        data-zoomed={view.scale > 1}
        onPointerDown={(event) => { if (view.scale > 1) event.currentTarget.setPointerCapture(event.pointerId); }}
        onPointerMove={onMove}
        onPointerLeave={() => { setPixel(null); }}
        onDoubleClick={() => { if (view.scale > 1) onView(WHOLE); else zoom(4); }}
        onKeyDown={onKeyDown}
      >
        {place !== null && children(rectangleOf(view, size, place), place)}
      </div>
      <div className={styles["tools"]}>
        <button type="button" aria-label="Zoom out" title="Zoom out (−)" disabled={view.scale <= 1} onClick={() => { zoom(1 / 1.5); }}>−</button>
        <button type="button" aria-label="Zoom in" title="Zoom in (+)" onClick={() => { zoom(1.5); }}>+</button>
        <button type="button" disabled={view.scale <= 1} onClick={() => { onView(WHOLE); }}>Fit</button>
        <span className="muted">{Math.round(view.scale * 100)} %</span>
        <span className="muted">{size.width} × {size.height} px</span>
        {pixel !== null && <output aria-label="Pixel">x {pixel.x}, y {pixel.y}</output>}
        {tools}
      </div>
    </div>
  );
}

const WAYS: Record<string, readonly [number, number]> = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
