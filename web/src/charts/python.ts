/** A chart as Python: code for the client's reading API that fetches the same points and draws them alike. Pure. */

import { type Colours, colours, hueOf } from "./colours";
import { type ChartView, type Figure, type XAxis, axisName, runsOf } from "./figure";
import { type Smoothing, isSmoothing } from "./smoothing";

export function asPython(figure: Figure, view: ChartView, paint: Colours = colours(), server: string = location.origin): string {
  return [
    "import matplotlib.pyplot as plt",
    "import numpy as np",
    "",
    "import tracker",
    "",
    `api = tracker.Api(${text(server)})`,
    "",
    ...smoother(view.smoothing),
    "# id of the run, name, colour, dashes",
    "RUNS = [",
    ...runsOf(figure).map((line) => `    (${text(line.run)}, ${text(line.name)}, ${text(hueOf(paint, line.hue))}, ${text(DASHES[line.dash] ?? "-")}),`),
    "]",
    `METRIC = ${text(figure.metric)}`,
    "",
    "figure, axes = plt.subplots(figsize=(9.6, 5.4))",
    "for run_id, name, colour, dashes in RUNS:",
    "    run = api.run(run_id)",
    ...columns(view),
    ...plotted(view),
    ...axesOf(figure, view),
    "axes.legend()",
    "plt.show()",
    "",
  ].join("\n");
}

const DASHES = ["-", "--", ":"];

function columns({ x }: ChartView): string[] {
  if (!x.startsWith("metric:")) {
    return [
      `    history = run.history([METRIC]${historyAxis(x)})`,
      `    x = np.array(history[${text(column(x))}], dtype=float)`,
      "    y = np.array(history[METRIC], dtype=float)",
    ];
  }
  const over = text(axisName(x));
  return [
    `    history = run.history([METRIC, ${over}])`,
    "    x, y, at = [], [], None",
    `    for here, value in zip(history[${over}], history[METRIC]):`,
    "        at = at if here is None else here",
    "        if at is not None and value is not None:",
    "            x.append(at)",
    "            y.append(value)",
    '    order = np.argsort(x, kind="stable")',
    "    x, y = np.array(x, dtype=float)[order], np.array(y, dtype=float)[order]",
  ];
}

function plotted({ smoothing, hasRaw }: ChartView): string[] {
  const look = "color=colour, linestyle=dashes, label=name";
  if (!isSmoothing(smoothing)) return [`    axes.plot(x, y, ${look})`];
  return [...(hasRaw ? ["    axes.plot(x, y, color=colour, alpha=0.25, linewidth=1)"] : []), `    axes.plot(x, smooth(x, y), ${look})`];
}

function axesOf({ axis, x, y, metric }: Figure, { range, ySpan, isWithoutOutliers, isLog }: ChartView): string[] {
  const scale = axis === "time" || axis === "relative_time" ? ` (ms)` : "";
  return [
    `axes.set_xlabel(${text(axisName(axis) + scale)})`,
    `axes.set_ylabel(${text(metric)})`,
    ...(isLog ? ['axes.set_yscale("log")'] : []),
    ...(range === null ? [] : [`axes.set_xlim(${x.join(", ")})`]),
    ...(ySpan === "auto" && !isWithoutOutliers ? [] : [`axes.set_ylim(${y.join(", ")})`]),
  ];
}

const historyAxis = (x: XAxis) => (x === "time" || x === "relative_time" ? `, x=${text(x)}` : "");
const column = (x: XAxis) => (x === "time" || x === "relative_time" ? `${x}_ms` : "step");

/** The server's formulas, as docs/design/reading.md has them, on points that have a height. */
function smoother({ kind, amount }: Smoothing): string[] {
  if (amount === 0) return [];
  const body =
    kind === "time_ema" || kind === "ema"
      ? [
          kind === "time_ema" ? "    gap = np.diff(at) / max(np.diff(at).mean(), 1e-300) if len(at) > 1 else []" : "    gap = np.ones(max(0, len(at) - 1))",
          "    mean, weight, smoothed = 0.0, 0.0, []",
          "    for value, distance in zip(values, [1, *gap]):",
          `        kept = ${String(amount)} ** distance`,
          "        mean, weight = mean * kept + value * (1 - kept), weight * kept + 1 - kept",
          "        smoothed.append(mean / weight if weight else value)",
        ]
      : [
          `    reach = min(len(values), ${String(kind === "mean" ? Math.floor(amount / 2) : Math.ceil(3 * amount))})`,
          "    away = np.arange(-reach, reach + 1)",
          kind === "mean" ? "    bell = np.ones(len(away))" : `    bell = np.exp(-0.5 * (away / ${String(amount)}) ** 2)`,
          '    near = slice(reach, reach + len(values))',
          '    smoothed = np.convolve(values, bell)[near] / np.convolve(np.ones(len(values)), bell)[near]',
        ];
  return [
    "",
    "def smooth(x, y):",
    `    """As the dashboard does: ${kind}, ${String(amount)}."""`,
    "    known = np.isfinite(y)",
    "    at, values = x[known], y[known]",
    ...body,
    "    result = np.full(len(y), np.nan)",
    "    result[known] = smoothed",
    "    return result",
    "",
    "",
  ];
}

/** A Python string, whatever it holds: JSON's escapes are Python's too. */
const text = (value: string) => JSON.stringify(value);
