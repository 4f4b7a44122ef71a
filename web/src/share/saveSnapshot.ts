/** Fetches the curves of a comparison, and gives the browser the file to keep. */

import { type Comparison, api } from "../api";
import { type Figure, dashes, lineFigure } from "../charts/figure";
import type { ChartSettings } from "../charts/settings";
import { isSmoothing } from "../charts/smoothing";
import tokens from "../tokens.css?inline";
import { pageAddress } from "./embedLink";
import { snapshotHtml } from "./snapshot";

const MOST_CHARTS = 60;
const AT_ONCE = 20;
const POINTS = 400;

type Wish = { project: string; runs: string[]; baseline: string; settings: ChartSettings };

export async function saveSnapshot({ project, runs, baseline, settings }: Wish): Promise<void> {
  const comparison = await api.compare({ runs, only: "all" });
  const metrics = comparison.metric_names;
  const figures: Figure[] = [];
  for (let start = 0; start < Math.min(metrics.length, MOST_CHARTS); start += AT_ONCE) {
    figures.push(...(await drawn(comparison, metrics.slice(start, Math.min(start + AT_ONCE, MOST_CHARTS)), settings)));
  }
  const address = new URL(pageAddress({ project, runs, metrics: [], settings }), location.href).href;
  const undrawn = Math.max(0, comparison.metric_count - MOST_CHARTS);
  save(`compare-${project.replace(/[^\w.-]+/g, "-")}.html`, snapshotHtml({ project, comparison, baseline, figures, undrawn, takenMs: Date.now(), address, tokens }));
}

async function drawn({ runs }: Comparison, metrics: string[], settings: ChartSettings): Promise<Figure[]> {
  const { x, range, smoothing, shade } = settings;
  const dash = dashes(runs.map(({ hue }) => hue));
  const styleOf = new Map(runs.map(({ id, name, hue, status }, index) => [id, { id, name, hue, dash: dash[index] ?? 0, isRunning: status === "running" }]));
  const answer = await api.series({
    runs: [...styleOf.keys()],
    metrics,
    x,
    points: POINTS,
    range: range === null ? null : [range[0], range[1]],
    smoothing: isSmoothing(smoothing) ? smoothing : null,
    band: shade !== "never",
  });
  return metrics.flatMap((metric) => {
    const series = answer.series.flatMap((one) => {
      const style = styleOf.get(one.run);
      return one.metric !== metric || style === undefined ? [] : [{ series: one, style }];
    });
    const figure = lineFigure(metric, series, settings);
    return figure.lines.length === 0 ? [] : [figure];
  });
}

function save(name: string, html: string): void {
  const address = URL.createObjectURL(new Blob([html], { type: "text/html" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
