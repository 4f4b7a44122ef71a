/** A chart as Python: code for the client's reading API that fetches the same points and draws them alike. Pure. */

import { type Colours, colours, hueOf } from "./colours";
import { type ChartView, type Figure, type XAxis, axisName, seriesOf } from "./figure";
import { type Smoothing, isSmoothing } from "./smoothing";

/** A formula as the server reads it: what it is of, and its Python, with the columns in `m`. */
export type Reckoned = { metrics: readonly string[]; python: string };

export function asPython(figure: Figure, view: ChartView, reckoned: Reckoned | null = null, paint: Colours = colours(), server: string = location.origin): string {
  const lines = seriesOf(figure);
  const isOfMany = new Set(lines.map(({ metric }) => metric)).size > 1;
  return [
    "import matplotlib.pyplot as plt",
    "import numpy as np",
    "",
    "import tracker",
    "",
    `api = tracker.Api(${text(server)})`,
    "",
    ...smoother(view.smoothing),
    `# id of the run, ${isOfMany ? "metric, " : ""}name, colour, dashes`,
    `${isOfMany ? "LINES" : "RUNS"} = [`,
    ...lines.map((line) => `    (${[line.run, ...(isOfMany ? [line.metric] : []), line.name, hueOf(paint, line.hue), DASHES[line.dash] ?? "-"].map(text).join(", ")}),`),
    "]",
    ...(reckoned !== null ? [`METRICS = [${reckoned.metrics.map(text).join(", ")}]`] : isOfMany ? [] : [`METRIC = ${text(figure.metric)}`]),
    "",
    "figure, axes = plt.subplots(figsize=(9.6, 5.4))",
    isOfMany ? "for run_id, METRIC, name, colour, dashes in LINES:" : "for run_id, name, colour, dashes in RUNS:",
    "    run = api.run(run_id)",
    ...(reckoned === null ? columns(view) : reckonedColumns(view, reckoned)),
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

/**
 * Points are joined on their steps; what is undefined is a gap. Over times the reading API joins on these, which is the
 * same for metrics that were logged together, and the code says so.
 */
function reckonedColumns({ x }: ChartView, { python }: Reckoned): string[] {
  const over = x.startsWith("metric:") ? text(axisName(x)) : null;
  const isTime = historyAxis(x) !== "";
  return [
    ...(isTime ? ["    # joined on times, where the dashboard joins on steps"] : []),
    over === null ? `    history = run.history(METRICS${historyAxis(x)})` : `    history = run.history(sorted({*METRICS, ${over}}))`,
    ...(over === null
      ? [`    at = history[${text(column(x))}]`]
      : ["    at, last = [], None", `    for here in history[${over}]:`, "        last = last if here is None else here", "        at.append(last)"]),
    "    rows = [row for row in range(history.row_count) if None not in (at[row], *(history[name][row] for name in METRICS))]",
    "    m = {name: np.array([history[name][row] for row in rows], dtype=float) for name in METRICS}",
    "    x = np.array([at[row] for row in rows], dtype=float)",
    '    with np.errstate(all="ignore"):',
    `        y = ${python}`,
    "    y[~np.isfinite(y)] = np.nan",
    ...(over === null ? [] : ['    order = np.argsort(x, kind="stable")', "    x, y = x[order], y[order]"]),
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
