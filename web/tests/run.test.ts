import { expect, test } from "vitest";
import type { MetricSummary } from "../src/api";
import { NOT_SET, type Node, differencesOf } from "../src/run/configTree";
import { continueLines, forkLines } from "../src/run/continuing";
import { wordsOf } from "../src/run/events";
import { mainMetric } from "../src/run/mainMetric";
import { nearest } from "../src/run/nearest";
import { choicesOf } from "../src/run/otherRuns";

const lines = (nodes: readonly Node[]): string[] => nodes.flatMap((node) => (node.kind === "branch" ? lines(node.children) : [`${node.path} ${String(node.value)} ← ${node.was ?? ""}`]));

test("only what differs of two configs is left, with what the other one has", () => {
  const mine = { optim: { lr: 0.1, name: "sgd" }, depth: 3, seed: 1 };
  const other = { optim: { lr: 0.2, name: "sgd" }, depth: 3, data: { name: "faces" } };
  expect(lines(differencesOf(mine, other))).toEqual(["optim.lr 0.1 ← 0.2", `seed 1 ← ${NOT_SET}`, `data.name ${NOT_SET} ← faces`]);
});

test("a null is a value, and a part in place of a value differs as a whole", () => {
  expect(lines(differencesOf({ a: null }, {}))).toEqual([`a null ← ${NOT_SET}`]);
  expect(lines(differencesOf({ a: { b: 1 } }, { a: 2 }))).toEqual(["a.b 1 ← 2"]);
  expect(differencesOf({ a: [1, 2] }, { a: [1, 2] })).toEqual([]);
});

const known = [{ id: "c", name: "third", number: 3 }, { id: "b", name: "second", number: 2 }, { id: "a", name: "first", number: 1 }];

test("the runs that are worth comparing with are told for what they are, each once", () => {
  expect(choicesOf({ fork_of: "a", parent: null, number: 3 }, known, { id: "b", name: "second", number: 2 })).toEqual([
    { id: "a", label: "parent: first" },
    { id: "b", label: "baseline: second" },
    { id: "c", label: "third" },
  ]);
});

test("the run before is the one with the next smaller number", () => {
  expect(choicesOf({ fork_of: null, parent: null, number: 3 }, known, null)[0]).toEqual({ id: "b", label: "previous: second" });
});

test("an id that was cut off or mistyped leads to the runs that may be meant", () => {
  const runs = [{ id: "1m7z9sarn1bd9frj", name: "heron" }, { id: "zzzzzzzzzzzzzzzz", name: "otter" }];
  expect(nearest("1m7z9sar", runs).map(({ name }) => name)).toEqual(["heron"]);
  expect(nearest("1m7z9sarn1bd9frk", runs).map(({ name }) => name)).toEqual(["heron"]);
  expect(nearest("otter", runs).map(({ name }) => name)).toEqual(["otter"]);
  expect(nearest("something else", runs)).toEqual([]);
});

const summaryOf = (given: Partial<MetricSummary>): MetricSummary => ({ count: 1, last: 1, last_step: 0, min: 0, min_step: 0, max: 2, max_step: 0, mean: 1, ...given });

test("the metric that says most has a direction, and is of held-out data if there is one", () => {
  const main = (metrics: Record<string, MetricSummary>, pinned: string[] = [], goal: "min" | null = null) => mainMetric(metrics, { goalOf: () => goal, pinned });
  expect(main({ "train/acc": summaryOf({ goal: "max" }), "val/acc": summaryOf({ goal: "max" }) })).toEqual({ name: "val/acc", statistic: "max", goal: "max", value: 2 });
  expect(main({ loss: summaryOf({ goal: "min", summary: "mean" }) })).toMatchObject({ statistic: "mean", value: 1 });
  expect(main({ loss: summaryOf({}) }, [], "min")).toMatchObject({ goal: "min", statistic: "min" });
  expect(main({ loss: summaryOf({}), "val/f1": summaryOf({}), seen: summaryOf({}) }, ["seen"])).toMatchObject({ name: "seen", goal: null, statistic: "last" });
  expect(main({ "system/cpu": summaryOf({ kind: "system" }) })).toBeNull();
});

test("the lines that go on with a run name the server, the run and the step", () => {
  const run = { id: "abc", project: 'my "digits"' };
  expect(continueLines("http://host:1", run, null)).toContain(String.raw`tracker.init("my \"digits\"", id="abc", resume="must") as run`);
  expect(continueLines("http://host:1", run, 400)).toContain("resume_from_step=400");
  expect(forkLines("http://host:1", run, 7)).toContain('os.environ["TRACKER_URL"] = "http://host:1"');
  expect(forkLines("http://host:1", run, 7)).toContain('tracker.fork("abc", 7) as run');
});

test("what happened is told in words", () => {
  expect(wordsOf({ kind: "correction", action: "metric.renamed", metric: "a", shown_as: "b" })).toBe("a renamed to b");
  expect(wordsOf({ kind: "registry", action: "alias.moved", model: "digits", version: 3, alias: "production" })).toBe("digits v3 promoted to production");
  expect(wordsOf({ kind: "ended", text: "failed" })).toBe("Failed");
});
