/**
 * Charts that a person has made: of a formula, or of all metrics whose names fit a pattern. Pure.
 *
 * Such a chart has a name like the chart of a metric, with a word before it that says what it is of; by that it is
 * pinned, zoomed and kept in an address like any other. In a pattern `*` is any text, `{a,b}` is one of several, and
 * `\` takes its meaning from the sign behind it.
 */

const FORMULA = "formula:";
const SEVERAL = "several:";

/** `replaces` is the chart that is there, null for a new one. */
export type Draft = { chart: string; replaces: string | null };
export const NEW_FORMULA: Draft = { chart: FORMULA, replaces: null };
export const NEW_SEVERAL: Draft = { chart: SEVERAL, replaces: null };

export const isFormula = (chart: string) => chart.startsWith(FORMULA);
export const isSeveral = (chart: string) => chart.startsWith(SEVERAL);
export const isMade = (chart: string) => isFormula(chart) || isSeveral(chart);

export const formulaChart = (formula: string) => FORMULA + formula.trim();
export const severalChart = (pattern: string) => SEVERAL + pattern.trim();

/** The formula or the pattern of a chart that was made; of any other the metric. */
export const bodyOf = (chart: string) => (isMade(chart) ? chart.slice(FORMULA.length) : chart);

/** What a chart is called. */
export function chartTitle(chart: string): string {
  const body = bodyOf(chart);
  return isSeveral(chart) && ONE_LIST.test(body) ? body.slice(1, -1).split(COMMA).map(plain).join(", ") : isSeveral(chart) ? plain(body) : body;
}

/** What is fetched for a chart: metrics that there are, or its formula. */
export const namesOf = (chart: string, metrics: readonly string[]): readonly string[] => (isSeveral(chart) ? fitting(bodyOf(chart), metrics) : [chart]);

export function fitting(pattern: string, metrics: readonly string[]): string[] {
  const expression = expressionOf(pattern);
  return metrics.filter((metric) => expression.test(metric));
}

/** The pattern of exactly these. */
export const patternOf = (metrics: readonly string[]): string => (metrics.length === 1 ? escaped(metrics[0] ?? "") : `{${metrics.map(escaped).join(",")}}`);

/** The chart of two charts, neither of which is of a formula. */
export function joined(chart: string, other: string): string {
  const parts = [chart, other].map((one) => (isSeveral(one) ? bodyOf(one) : escaped(one)));
  return severalChart(`{${[...new Set(parts.flatMap((part) => (ONE_LIST.test(part) ? part.slice(1, -1).split(COMMA) : [part])))].join(",")}}`);
}

/** A list of names, and nothing in it that is a list itself. */
const ONE_LIST = /^\{(?:[^{}\\]|\\.)*\}$/;
const COMMA = /(?<!\\),/;

const escaped = (name: string) => name.replace(/[\\*{},]/g, "\\$&");
const plain = (pattern: string) => pattern.replace(/\\(.)/g, "$1");

/** A list that is not closed ends with the pattern. */
function expressionOf(pattern: string): RegExp {
  let depth = 0;
  const body = pattern.replace(/\\.|[\s\S]/g, (sign) => {
    if (sign === "*") return ".*";
    if (sign === "{") return (depth += 1, "(?:");
    if (sign === "}" && depth > 0) return (depth -= 1, ")");
    if (sign === "," && depth > 0) return "|";
    return (sign.length > 1 ? sign.slice(1) : sign).replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  });
  return new RegExp(`^(?:${body}${")".repeat(depth)})$`);
}
