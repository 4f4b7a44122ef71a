/**
 * Which panels a view has beside its charts, how each is set, and their short form in the address. Pure.
 *
 * A key is named as everywhere: "config.lr", "metrics.val/acc.max", "duration". An empty one is not chosen yet: what
 * fits best is taken, so that the address stays short.
 */

import { type Search, joinList, readChoice, splitList } from "../address";

export type Goal = "min" | "max";
export type Statistic = "last" | "min" | "max" | "mean" | "best";
/** `front` says which way is good along x and y; null draws no Pareto front. */
export type ScatterPanel = { kind: "scatter"; x: string; y: string; colour: string; size: string; isLogX: boolean; isLogY: boolean; front: { x: Goal; y: Goal } | null };
export type AxisChoice = { key: string; isLog: boolean; isInverted: boolean };
export type ParallelPanel = { kind: "parallel"; axes: AxisChoice[]; colour: string };
export type BarPanel = { kind: "bar"; value: string; by: string };
export type HistogramPanel = { kind: "histogram"; metric: string };
export type ImportancePanel = { kind: "importance"; metric: string; statistic: Statistic };
export type TextPanel = { kind: "text"; text: string };
export type Panel = ScatterPanel | ParallelPanel | BarPanel | HistogramPanel | ImportancePanel | TextPanel;
export type PanelKind = Panel["kind"];

/** Those among the charts, and the two that can fill the page. */
export type Panels = { list: Panel[]; scatter: ScatterPanel; parallel: ParallelPanel };

export const STATISTICS: readonly Statistic[] = ["last", "min", "max", "mean", "best"];
export const KINDS: readonly [PanelKind, string][] = [
  ["scatter", "Scatter"],
  ["parallel", "Parallel coordinates"],
  ["bar", "Bars of one value"],
  ["histogram", "Histogram over time"],
  ["importance", "Importance"],
  ["text", "Text"],
];
const NAMES: readonly PanelKind[] = KINDS.map(([kind]) => kind);

/** A view with more is a page of its own. */
export const MOST_PANELS = 40;

export const readPanels = (search: Search): Panels => ({
  list: splitList(search["panels"]).slice(0, MOST_PANELS).flatMap((text) => readPanel(text) ?? []),
  scatter: scatterOf(fieldsOf(search["scatter"] ?? "")),
  parallel: parallelOf(fieldsOf(search["parallel"] ?? "")),
});

export const writePanels = ({ list, scatter, parallel }: Panels): Search => ({
  panels: joinList(list.map((panel) => [panel.kind, ...written(panel)].join(";"))),
  scatter: written(scatter).join(";") || undefined,
  parallel: written(parallel).join(";") || undefined,
});

export function newPanel(kind: PanelKind): Panel {
  return panelOf(kind, []);
}

type Field = [name: string, value: string];

function readPanel(text: string): Panel | null {
  const [word, ...rest] = text.split(";");
  const kind = NAMES.find((one) => one === word);
  return kind === undefined ? null : panelOf(kind, fieldsOf(rest.join(";")));
}

function panelOf(kind: PanelKind, fields: readonly Field[]): Panel {
  const get = (name: string) => valueOf(fields, name);
  switch (kind) {
    case "scatter":
      return scatterOf(fields);
    case "parallel":
      return parallelOf(fields);
    case "bar":
      return { kind, value: get("value"), by: get("by") };
    case "histogram":
      return { kind, metric: get("metric") };
    case "importance":
      return { kind, metric: get("metric"), statistic: readChoice(get("of"), STATISTICS, "last") };
    case "text":
      return { kind, text: get("text") };
  }
}

function scatterOf(fields: readonly Field[]): ScatterPanel {
  const get = (name: string) => valueOf(fields, name);
  const [x, y] = get("front").split(":");
  const log = get("log");
  return {
    kind: "scatter",
    x: get("x"),
    y: get("y"),
    colour: get("colour"),
    size: get("size"),
    isLogX: log.includes("x"),
    isLogY: log.includes("y"),
    front: isGoal(x) && isGoal(y) ? { x, y } : null,
  };
}

/** An axis is a field of its own: "axis", with "-log" and "-down" behind it. */
function parallelOf(fields: readonly Field[]): ParallelPanel {
  const axes = fields.filter(([name]) => name.startsWith("axis"));
  return {
    kind: "parallel",
    axes: axes.map(([name, key]) => ({ key, isLog: name.includes("-log"), isInverted: name.includes("-down") })),
    colour: valueOf(fields, "colour"),
  };
}

function written(panel: Panel): string[] {
  switch (panel.kind) {
    case "scatter": {
      const { x, y, colour, size, isLogX, isLogY, front } = panel;
      return fieldsText([["x", x], ["y", y], ["colour", colour], ["size", size], ["log", `${isLogX ? "x" : ""}${isLogY ? "y" : ""}`], ["front", front === null ? "" : `${front.x}:${front.y}`]]);
    }
    case "parallel":
      return fieldsText([...panel.axes.map(({ key, isLog, isInverted }): Field => [`axis${isLog ? "-log" : ""}${isInverted ? "-down" : ""}`, key]), ["colour", panel.colour]]);
    case "bar":
      return fieldsText([["value", panel.value], ["by", panel.by]]);
    case "histogram":
      return fieldsText([["metric", panel.metric]]);
    case "importance":
      return fieldsText([["metric", panel.metric], ["of", panel.statistic === "last" ? "" : panel.statistic]]);
    case "text":
      return fieldsText([["text", panel.text]]);
  }
}

const fieldsText = (fields: readonly Field[]): string[] => fields.filter(([, value]) => value !== "").map(([name, value]) => `${name}=${value.replace(/[%;]/g, encodeURIComponent)}`);

const fieldsOf = (text: string): Field[] =>
  text.split(";").flatMap((part) => {
    const at = part.indexOf("=");
    return at < 1 ? [] : [[part.slice(0, at), part.slice(at + 1).replace(/%(25|3B)/gi, (escaped) => decodeURIComponent(escaped))] satisfies Field];
  });

const valueOf = (fields: readonly Field[], name: string): string => fields.find(([one]) => one === name)?.[1] ?? "";
const isGoal = (text: string | undefined): text is Goal => text === "min" || text === "max";
