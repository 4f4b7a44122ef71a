/** The part of Plotly that plot.ts calls; the bundle brings no types of its own. */

declare module "plotly.js-cartesian-dist-min" {
  export type Trace = Record<string, unknown>;
  export type Layout = Record<string, unknown>;
  export type Config = Record<string, unknown>;
  export interface PlotlyElement extends HTMLElement {
    on(event: "plotly_relayout", handler: (change: Record<string, unknown>) => void): void;
    on(event: "plotly_doubleclick", handler: () => void): void;
    on(event: "plotly_hover", handler: (event: { points: { curveNumber: number; x: unknown }[]; xvals?: number[] }) => void): void;
    removeAllListeners(event: string): void;
  }
  export function react(element: HTMLElement, data: Trace[], layout: Layout, config: Config): Promise<PlotlyElement>;
  export function purge(element: HTMLElement): void;
  export function toImage(element: HTMLElement, options: { format: "png" | "svg"; width: number; height: number; scale?: number }): Promise<string>;
  const plotly: { react: typeof react; purge: typeof purge; toImage: typeof toImage };
  export { plotly as default };
}
