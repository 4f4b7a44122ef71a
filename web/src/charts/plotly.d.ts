/** The part of Plotly that plot.ts calls; the bundle brings no types of its own. */

declare module "plotly.js-cartesian-dist-min" {
  export type Trace = Record<string, unknown>;
  export type Layout = Record<string, unknown>;
  export type Config = Record<string, unknown>;
  export type Picked = { curveNumber: number; pointNumber: number };
  export type LaidOutAxis = { _offset: number; _length: number; d2p: (value: unknown) => number };
  export interface PlotlyElement extends HTMLElement {
    on(event: "plotly_relayout", handler: (change: Record<string, unknown>) => void): void;
    on(event: "plotly_hover", handler: (event: { points: (Picked & { x: unknown })[]; xvals?: number[] }) => void): void;
    on(event: "plotly_doubleclick" | "plotly_unhover" | "plotly_deselect", handler: () => void): void;
    on(event: "plotly_click", handler: (event: { points: Picked[] }) => void): void;
    on(event: "plotly_selected", handler: (event: { points: Picked[] } | undefined) => void): void;
    removeAllListeners(event: string): void;
    /** What was laid out; an axis knows where a value stands on the element. */
    _fullLayout?: { xaxis: LaidOutAxis; yaxis: LaidOutAxis };
  }
  export function react(element: HTMLElement, data: Trace[], layout: Layout, config: Config): Promise<PlotlyElement>;
  export function purge(element: HTMLElement): void;
  export function toImage(element: HTMLElement, options: { format: "png" | "svg"; width: number; height: number; scale?: number }): Promise<string>;
  const plotly: { react: typeof react; purge: typeof purge; toImage: typeof toImage };
  export { plotly as default };
}
