/**
 * A comparison as one file that opens anywhere: no server, no script from elsewhere, no request of any kind.
 *
 * Its policy forbids what it does not hold. All that runs have named is escaped; the numbers are kept as JSON too, for
 * whoever wants to go on from them. Pure.
 */

import type { Comparison } from "../api";
import type { Figure } from "../charts/figure";
import { formatMoment, formatNumber, formatValue, plural } from "../format";
import { escapeText, figureAsSvg } from "./svg";

export type Snapshot = {
  project: string;
  comparison: Comparison;
  baseline: string;
  figures: readonly Figure[];
  /** Metrics that have no chart because there are too many. */
  undrawn: number;
  takenMs: number;
  /** Where the comparison itself is. */
  address: string;
  /** The dashboard's colours. */
  tokens: string;
};

type Row = { key: string; differs: boolean; cells: readonly string[] };

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

const STYLE = `
body { margin: 24px; background: var(--bg); color: var(--text); font: 13px/1.45 var(--sans) }
h1 { font-size: 20px } h2 { font-size: 15px } .muted, svg text { color: var(--muted); fill: var(--muted) }
a { color: var(--accent) } .scroll { overflow-x: auto }
table { border-collapse: collapse } th, td { padding: 4px 12px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; max-width: 480px; overflow-wrap: anywhere }
tbody th, thead .muted { font-weight: 400 } th, td { min-width: 140px } td > div { max-height: 9em; overflow: auto } td { font-variant-numeric: tabular-nums }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2px }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(380px, 100%), 1fr)); gap: 16px }
figure { margin: 0 } svg { width: 100%; font: 11px var(--sans) } svg path { fill: none; stroke-width: 1.5; stroke-linecap: round } svg line { stroke: var(--line) }
body:has(#differing:checked) tr[data-equal] { display: none }`;

const SCRIPT = `document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";`;

export function snapshotHtml(shot: Snapshot): string {
  const { comparison, project, takenMs, address, figures, undrawn } = shot;
  const title = `${plural(comparison.runs.length, "run")} of ${project}`;
  const sections: [string, Row[]][] = [
    ["Metrics", metricRows(comparison)],
    ["Summary", comparison.summary.map(valueRow)],
    ["Config", comparison.config.map(valueRow)],
    ["Data", comparison.data.map(valueRow)],
    ["Environment", comparison.environment.map(valueRow)],
    ["Packages", comparison.packages.map(valueRow)],
    ["System", comparison.system.map(valueRow)],
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escapeText(title)}</title><style>${shot.tokens}${STYLE}</style></head><body>
<h1><bdi>${escapeText(title)}</bdi></h1>
<p class="muted">As it was on ${escapeText(formatMoment(takenMs))}. <a href="${escapeText(address)}" rel="noopener noreferrer">The comparison itself</a></p>
<p><label><input type="checkbox" id="differing" checked> only what differs</label></p>
<div class="scroll"><table><thead><tr><th>Key</th>${comparison.runs.map((run) => head(run, shot.baseline)).join("")}</tr></thead>
${sections.filter(([, rows]) => rows.length > 0).map(([name, rows]) => section(name, rows, comparison.runs.length)).join("\n")}</table></div>
<h2>Charts</h2>
<div class="charts">${figures.map(chart).join("\n")}</div>
${undrawn > 0 ? `<p class="muted">${plural(undrawn, "more metric")} in the table alone.</p>` : ""}
<script type="application/json" id="comparison">${jsonInHtml(comparison)}</script>
<script>${SCRIPT}</script></body></html>
`;
}

/** Within a script element nothing may look like its end, nor like a comment. */
export const jsonInHtml = (value: unknown): string =>
  JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

const head = (run: Comparison["runs"][number], baseline: string) =>
  `<th><span class="swatch" style="background: var(--hue-${String(run.hue % 10)})"></span> <bdi>${escapeText(run.name)}</bdi><br><span class="muted">${run.status}${run.id === baseline ? ", baseline" : ""} · ${escapeText(run.id)}</span></th>`;

const section = (name: string, rows: readonly Row[], runs: number) =>
  `<tbody><tr><th colspan="${String(runs + 1)}"><h2>${name}</h2></th></tr>${rows
    .map(({ key, differs, cells }) => `<tr${differs ? "" : " data-equal"}><th><bdi>${escapeText(key)}</bdi></th>${cells.map((cell) => `<td><div>${cell}</div></td>`).join("")}</tr>`)
    .join("\n")}</tbody>`;

const chart = (figure: Figure) => `<figure><figcaption><bdi>${escapeText(figure.metric)}</bdi></figcaption>${figureAsSvg(figure)}</figure>`;

const ABSENT = `<span class="muted">not logged</span>`;

const metricRows = ({ metrics }: Comparison): Row[] =>
  metrics.map(({ name, values, differs }) => ({
    key: name,
    differs,
    cells: values.map((summary) =>
      summary === null ? ABSENT : `${number(summary.last)} <span class="muted">min ${number(summary.min)} · max ${number(summary.max)}</span>`,
    ),
  }));

const valueRow = ({ key, values, is_present, differs }: Comparison["config"][number]): Row => ({
  key,
  differs,
  cells: values.map((value, index) => (is_present[index] === true ? escapeText(typeof value === "number" ? formatNumber(value) : formatValue(value)) : ABSENT)),
});

const number = (value: number | null) => (value === null ? "–" : escapeText(formatNumber(value)));
