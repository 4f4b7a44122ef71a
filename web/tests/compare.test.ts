import { expect, test } from "vitest";
import type { Comparison, MetricSummary } from "../src/api";
import { aligned, offsetsOf, ownRange, readAlignment, writeAlignment } from "../src/compare/alignment";
import { codeChanges } from "../src/compare/codeChanges";
import { differenceOf, lineDifferences } from "../src/compare/difference";
import { ScrollLink, firstLineFrom } from "../src/compare/scrollLink";
import { asCsv, asMarkdown, changeWord, sectionsOf } from "../src/compare/table";
import { pieces } from "../src/compare/textDiff";
import { against, readCompare, withRun, withoutRun, writeCompare } from "../src/compare/view";
import type { MetricState } from "../src/charts/store";
import { ComparedSource } from "../src/compare/comparedSource";
import { columnOf, seriesOf } from "./series";

const NO_STATE: MetricState = { series: [], isLoading: false, error: null };

const VIEW = readCompare({ runs: "a,b" });

const summaryOf = (last: number, others: Partial<MetricSummary> = {}): MetricSummary => ({ count: 1, last, last_step: 9, min: last, min_step: 3, max: last, max_step: 4, mean: last, kind: "metric", shown: last, summary: "last", goal: null, ...others });

function comparisonOf(given: Partial<Comparison>): Comparison {
  const runs = ["a", "b", "c"].map((id) => ({ id, name: `run ${id}` }) as Comparison["runs"][number]);
  return { runs, absent: [], metrics: [], summary: [], config: [], environment: [], packages: [], data: [], system: [], equal_count: 0, metrics_left_out: 0, metric_names: [], metric_count: 0, shared_metric_count: 0, ...given };
}

const rowsOf = (given: Partial<Comparison>, baseline = "a") => sectionsOf(comparisonOf(given), { baseline, statistic: "shown", find: "" }).flatMap(({ rows }) => rows);

test("a comparison is written to the address and read again", () => {
  const view = { ...VIEW, baseline: "b", isAll: true, find: "lr", statistic: "max" as const, hasRunsAsRows: true, isDifference: true, alignment: { at: "max" as const, metric: "val/acc" }, printed: "error", link: "time" as const };
  expect(readCompare(writeCompare(view))).toEqual(view);
  expect(Object.values(writeCompare(VIEW)).filter((value) => value !== undefined)).toEqual(["a,b"]);
});

test("a baseline that is not compared joins the others, and one that is taken out is none", () => {
  expect(against(VIEW, "c")).toMatchObject({ runs: ["c", "a", "b"], baseline: "c" });
  expect(withoutRun(against(VIEW, "b"), "b")).toMatchObject({ runs: ["a"], baseline: null });
  expect(withRun(withRun(VIEW, "c"), "c").runs).toEqual(["a", "b", "c"]);
});

test("a difference is absolute and relative, and nothing where values are equal or no numbers", () => {
  expect(differenceOf(0.3, 0.2)).toEqual({ absolute: "+0.1", relative: "+50.0 %", word: null });
  expect(differenceOf(1, 0)).toEqual({ absolute: "+1", relative: null, word: null });
  expect(differenceOf("a", 1)).toBeNull();
  expect(differenceOf(1, 1)).toBeNull();
});

test.each([
  [2, "max", "better"],
  [2, "min", "worse"],
  [0.5, "min", "better"],
] as const)("against 1, %d is for the goal %s %s", (value, goal, word) => {
  expect(differenceOf(value, 1, goal)?.word).toBe(word);
});

test("the best of a metric with a direction is marked, and a metric without one has no best", () => {
  const values = [summaryOf(0.7), summaryOf(0.9), null];
  const [row] = rowsOf({ metrics: [{ name: "acc", values, differs: true, goal: "max" }] });
  expect(row?.cells.map(({ isBest }) => isBest)).toEqual([false, true, false]);
  const [other] = rowsOf({ metrics: [{ name: "acc", values: [summaryOf(1), summaryOf(2), null], differs: true }] });
  expect(other?.cells.some(({ isBest }) => isBest)).toBe(false);
});

test("a metric is told with the step of what its run has defined as its summary", () => {
  const [row] = rowsOf({ metrics: [{ name: "acc", values: [summaryOf(1, { summary: "max" }), null, null], differs: true }] });
  expect(row?.cells[0]?.step).toBe(4);
});

test("a metric that was never a finite number is no null", () => {
  const never = { ...summaryOf(1), last: null, shown: null };
  const [row] = rowsOf({ metrics: [{ name: "loss", values: [never, summaryOf(1)], differs: true }] });
  expect(row?.cells.map(({ text }) => text)).toEqual(["–", "1"]);
});

test("null is a value, and what was not logged is none", () => {
  const [row] = rowsOf({ config: [{ key: "note", values: [null, null, 1], is_present: [true, false, true], differs: true }] });
  expect(row?.cells.map(({ text }) => text)).toEqual(["null", "not logged", "1"]);
});

test("digests are cut short, and metrics of the machine have their units", () => {
  const [digest] = rowsOf({ environment: [{ key: "git.commit", values: ["a".repeat(40)], is_present: [true], differs: true }] });
  expect(digest?.cells[0]?.text).toBe("a".repeat(12));
  const values = [1e9, 3e9].map((last) => summaryOf(last, { kind: "system" }));
  const [memory] = rowsOf({ metrics: [{ name: "system/memory.used_bytes", values, differs: true, goal: null }] });
  expect(memory?.cells.map(({ text, difference }) => [text, difference?.absolute])).toEqual([["1 GB", undefined], ["3 GB", "+2 GB"]]);
});

test("a package was added, removed or changed since the baseline", () => {
  const [row] = rowsOf({ packages: [{ key: "torch", values: ["2.13", null, "2.14"], is_present: [true, false, true], differs: true }] });
  const words = row?.cells.map((cell) => changeWord("Packages", cell, row.cells[0]));
  expect(words).toEqual([null, "removed", "changed"]);
});

test("a table is copied with its numbers whole, and as one reads it", () => {
  const sections = sectionsOf(comparisonOf({ config: [{ key: "a|b", values: [1 / 3, 2 / 3, "x,y"], is_present: [true, true, true], differs: true }] }), { baseline: "a", statistic: "shown", find: "" });
  const copied = { runs: ["one", "two", "three"], sections };
  expect(asCsv(copied)).toBe(`section,key,one,two,three\nConfig,a|b,${String(1 / 3)},${String(2 / 3)},"x,y"`);
  expect(asMarkdown(copied)).toBe("|  | one | two | three |\n| --- | --- | --- | --- |\n| a\\|b | 0.3333 | 0.6667 (+0.3333 · +100 %) | x,y |");
});

test("a line minus the baseline's is read from between the baseline's points where these are elsewhere", () => {
  const base = seriesOf({ run: "a", values: [0, 10], x: [0, 10] });
  const exact = lineDifferences([base, seriesOf({ run: "b", values: [5, 5], x: [0, 10] })], "a");
  expect(exact.map(({ values }) => values)).toEqual([columnOf([0, 0]), columnOf([5, -5])]);
  const between = lineDifferences([base, seriesOf({ run: "b", values: [5, 5], x: [2, 5] })], "a");
  expect(between[1]?.values).toEqual(columnOf([3, 0]));
});

test("a line has no difference beyond the baseline, and a gap where either has one", () => {
  const base = seriesOf({ run: "a", values: [1, null, 1, 1], x: [1, 2, 3, 4] });
  const found = lineDifferences([base, seriesOf({ run: "b", values: [2, 2, 2, null, 2], x: [0, 1, 2.5, 4, 5] })], "a");
  expect(found[1]?.x).toEqual(columnOf([1, 2.5, 4]));
  expect(found[1]?.values).toEqual(columnOf([1, null, null]));
});

test("what one writer logged is told from the baseline's of the same writer alone", () => {
  const found = lineDifferences([seriesOf({ run: "a", label: "rank0", values: [1] }), seriesOf({ run: "b", label: "rank1", values: [1] })], "a");
  expect(found.map(({ run }) => run)).toEqual(["a"]);
});

test("of points of the baseline at one step the last counts", () => {
  const base = seriesOf({ run: "a", values: [1, 2, 3], x: [0, 0, 1] });
  expect(lineDifferences([base, seriesOf({ run: "b", values: [5], x: [0] })], "a")[1]?.values).toEqual(columnOf([3]));
});

test("a difference from a thinned line is not exact", () => {
  const base = seriesOf({ run: "a", values: [1], is_exact: false });
  expect(lineDifferences([base, seriesOf({ run: "b", values: [1] })], "a")[1]?.is_exact).toBe(false);
});

test("lines that are drawn otherwise stay the same object until they change", () => {
  const states: Record<string, MetricState> = { loss: { series: [seriesOf({ values: [1] })], isLoading: false, error: null } };
  const source = new ComparedSource({ watch: () => () => undefined, retry: () => undefined, state: (metric) => states[metric] ?? NO_STATE }, { offsets: null, baseline: "a" });
  const first = source.state("loss");
  expect(first.series[0]?.values).toEqual(columnOf([0]));
  expect(source.state("loss")).toBe(first);
  states["loss"] = { series: [seriesOf({ values: [1, 2] })], isLoading: false, error: null };
  expect(source.state("loss").series[0]?.values).toEqual(columnOf([0, 0]));
});

test.each([
  ["max@acc", 2],
  ["min@acc", 0],
  ["first@acc", 0],
  ["3@acc", 1.5],
] as const)("aligned at %s, a run begins %d later", (text, offset) => {
  const alignment = readAlignment(text);
  expect(writeAlignment(alignment)).toBe(text);
  if (alignment === null) throw new Error(`${text} is no alignment`);
  const series = [seriesOf({ metric: "acc", values: [1, 2, 4, 3] })];
  const offsets = offsetsOf(series, alignment);
  expect(offsets.get("a")).toBe(offset);
  expect(aligned(series, offsets)[0]?.x).toEqual(columnOf([0, 1, 2, 3].map((x) => x - offset)));
});

test("a run that never gets there is left out of an alignment", () => {
  const series = [seriesOf({ metric: "acc", values: [1, 2] })];
  const offsets = offsetsOf(series, { at: "value", value: 9, metric: "acc" });
  expect(aligned(series, offsets)).toEqual([]);
});

test("a zoom into aligned lines asks for every stretch that shows in it", () => {
  const offsets = new Map([["a", 100], ["b", 300]]);
  expect(ownRange([-10, 10], offsets)).toEqual([90, 310]);
});

test("panes follow the one that leads, and following is not leading", () => {
  const link = new ScrollLink();
  const told: string[] = [];
  for (const pane of ["a", "b"]) link.follow(pane, ({ line }) => { told.push(`${pane} to ${String(line)}`); });
  link.tell("a", { line: 1, sinceStartMs: null });
  link.lead("a");
  link.tell("a", { line: 2, sinceStartMs: null });
  link.tell("b", { line: 2, sinceStartMs: null });
  expect(told).toEqual(["b to 2"]);
});

test.each([
  [0, 0],
  [15, 2],
  [20, 2],
  [99, 3],
])("at %d ms the line is %d", async (timeMs, line) => {
  const times = [0, 10, 20, 30];
  expect(await firstLineFrom(timeMs, times.length, (at) => Promise.resolve(times[at] ?? NaN))).toBe(line);
});

test("short texts are compared by words", () => {
  expect(pieces("a small cat", "a big cat")).toEqual([
    { kind: "same", text: "a " },
    { kind: "removed", text: "small" },
    { kind: "added", text: "big" },
    { kind: "same", text: " cat" },
  ]);
});

test("the commits between two runs are those that one log has and the other has not", () => {
  const git = (...ids: string[]) => ({ git: { commit: ids[0], log: ids.map((commit) => ({ commit, subject: `did ${commit}` })) } });
  expect(codeChanges(git("b", "a"), git("d", "c", "b", "a")).between).toEqual({ before: [], after: [{ id: "d", subject: "did d" }, { id: "c", subject: "did c" }] });
  expect(codeChanges(git("x", "a"), git("b", "a")).between).toMatchObject({ before: [{ id: "x" }], after: [{ id: "b" }] });
  expect(codeChanges(git("x"), git("b", "a")).between).toBeNull();
  expect(codeChanges({}, {}).between).toBeNull();
});

test("packages differ in their version, or are not installed", () => {
  const { packages } = codeChanges({ packages: { torch: "2.12", numpy: "2", gone: "1" } }, { packages: { torch: "2.13", numpy: "2", fresh: "1" } });
  expect(packages).toEqual([{ name: "fresh", before: null, after: "1" }, { name: "gone", before: "1", after: null }, { name: "torch", before: "2.12", after: "2.13" }]);
});

test("code differs in its commit, in its patches by file, and in what no commit has", () => {
  const patch = (line: string) => `diff --git a/train.py b/train.py\n@@ -1 +1 @@\n-lr = 1\n+${line}\n`;
  const before = { git: { commit: "abc", patch: patch("lr = 2") }, source: { files: [{ path: "new.py", text: "x = 1\n" }] } };
  const after = { git: { commit: "abd", patch: patch("lr = 3") }, source: { files: [] } };
  const found = codeChanges(before, after);
  expect(found.commits).toEqual(["abc", "abd"]);
  expect(found.patches).toMatchObject([{ name: "train.py", kind: "changed" }]);
  expect(found.patches[0]?.lines?.filter(({ kind }) => kind === "added").map(({ text }) => text)).toEqual(["+lr = 3"]);
  expect(found.sources).toMatchObject([{ name: "new.py", kind: "removed" }]);
  expect(codeChanges(before, before)).toMatchObject({ patches: [], sources: [] });
});
