/** What some charts have otherwise than their page, and its form in the address. Pure. */

import { joinList, splitList } from "../address";
import { readAxis, readRange, readYSpan, writeRange, writeYSpan } from "./axes";
import type { ChartView, Range, XAxis, YSpan } from "./figure";

/** What is missing is as on the page. */
export type Own = { x?: XAxis; range?: Range; ySpan?: YSpan; isLog?: boolean };

/** By the name of the chart. */
export type OwnSettings = Readonly<Record<string, Own>>;

/** "val/loss;x=time;y=0..2", one for each chart. */
export function readOwn(text: string | undefined): OwnSettings {
  const own: Record<string, Own> = {};
  for (const entry of splitList(text)) {
    const [name = "", ...parts] = entry.split(";").map((part) => part.replace(/%(25|3B)/g, decodeURIComponent));
    const found = Object.fromEntries(parts.map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]));
    const range = readRange(found["zoom"]);
    const one: Own = {
      ...(found["x"] === undefined ? {} : { x: readAxis(found["x"]) }),
      ...(range === null ? {} : { range }),
      ...(found["y"] === undefined ? {} : { ySpan: readYSpan(found["y"]) }),
      ...(found["log"] === undefined ? {} : { isLog: found["log"] === "1" }),
    };
    if (name !== "" && !isEmpty(one)) own[name] = one;
  }
  return own;
}

export function writeOwn(own: OwnSettings): string | undefined {
  return joinList(Object.entries(own).map(([name, { x, range, ySpan, isLog }]) =>
    [
      name,
      ...(x === undefined ? [] : [`x=${x}`]),
      ...(range === undefined ? [] : [`zoom=${writeRange(range)}`]),
      ...(ySpan === undefined ? [] : [`y=${writeYSpan(ySpan)}`]),
      ...(isLog === undefined ? [] : [`log=${isLog ? "1" : "0"}`]),
    ].map((part) => part.replace(/[%;]/g, encodeURIComponent)).join(";"),
  ));
}

/** The page's settings with a chart's own in their places. A range of the page says nothing of another axis. */
export function viewOf<Settings extends ChartView & { own: OwnSettings }>(settings: Settings, chart: string): Settings {
  const own = settings.own[chart];
  if (own === undefined) return settings;
  const isElsewhere = own.x !== undefined && own.x !== settings.x;
  return { ...settings, ...own, range: own.range ?? (isElsewhere ? null : settings.range) };
}

/**
 * What changes where one zooms a chart to a range of x, or (null) out of it: the page, unless charts are zoomed one by
 * one. A range of another axis than the page's is nobody else's.
 */
export function zoomed(settings: ChartView & { own: OwnSettings; isSynced: boolean }, chart: string, range: Range | null): { own: OwnSettings; range?: Range | null } {
  if (range === null) return { range, own: withOwn(settings.own, chart, { range: undefined, ySpan: undefined }) };
  const isAlone = !settings.isSynced || viewOf(settings, chart).x !== settings.x;
  return isAlone ? { own: withOwn(settings.own, chart, { range }) } : { range, own: withOwn(settings.own, chart, { range: undefined }) };
}

/** With some of a chart's own settings changed; what is undefined is as on the page again. */
export function withOwn(own: OwnSettings, chart: string, change: { [Key in keyof Own]?: Own[Key] | undefined }): OwnSettings {
  const { [chart]: before, ...others } = own;
  const left = Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined));
  return isEmpty(left) ? others : { ...others, [chart]: left };
}

/** What of a choice differs from the page; the rest is undefined. */
export function ownOf({ x, range, ySpan, isLog }: Pick<ChartView, "x" | "range" | "ySpan" | "isLog">, page: ChartView): { [Key in keyof Required<Own>]: Own[Key] | undefined } {
  const isSame = (a: YSpan | null, b: YSpan | null) => a === b || (Array.isArray(a) && Array.isArray(b) && a[0] === b[0] && a[1] === b[1]);
  return {
    x: x === page.x ? undefined : x,
    range: range === null || isSame(range, page.range) ? undefined : range,
    ySpan: isSame(ySpan, page.ySpan) ? undefined : ySpan,
    isLog: isLog === page.isLog ? undefined : isLog,
  };
}

const isEmpty = (own: Own) => Object.keys(own).length === 0;

/** What a chart has otherwise, in words; null for nothing. */
export function ownWords(own: Own | undefined): string | null {
  if (own === undefined) return null;
  const words = [own.x === undefined ? null : "x axis", own.range === undefined ? null : "range", own.ySpan === undefined ? null : "height", own.isLog === undefined ? null : "scale"];
  return `its own ${words.filter((word) => word !== null).join(", ")}`;
}
