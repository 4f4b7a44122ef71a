/** What live news change of a comparison. */

import { expect, test } from "vitest";
import type { Comparison, MetricSummary, RunRow } from "../src/api";
import { isOther, withChanges } from "../src/compare/changes";

const summaryOf = (last: number): MetricSummary => ({ count: 1, last, last_step: 0, min: last, min_step: 0, max: last, max_step: 0, mean: last, shown: last });

const rowOf = (id: string, given: Partial<RunRow> = {}): RunRow => ({
  id, project: "digits", number: 1, name: id, status: "running", is_stopping: false, is_archived: false, is_hue_chosen: false, hue: 0, group: null, job_type: null, tags: [],
  created_ms: 0, started_ms: 0, finished_ms: null, heartbeat_ms: 0, user: null, config: {}, metrics: {}, summary: {}, notes: null, ...given,
});

const COMPARISON: Comparison = {
  runs: [rowOf("a"), rowOf("b")],
  absent: [],
  metrics: [{ name: "loss", values: [summaryOf(1), summaryOf(2)], differs: true }, { name: "acc", values: [summaryOf(3), null], differs: true }],
  summary: [], config: [], environment: [], packages: [], data: [], system: [],
  equal_count: 0, metrics_left_out: 0, metric_names: ["acc", "loss"], metric_count: 2, shared_metric_count: 1,
};

test("values that came take the place of the old ones, and rows without news stay the same objects", () => {
  const now = withChanges(COMPARISON, [rowOf("b", { name: "renamed", metrics: { loss: summaryOf(9) } })]);
  expect(now.metrics[0]?.values.map((value) => value?.last)).toEqual([1, 9]);
  expect(now.metrics[1]).toBe(COMPARISON.metrics[1]);
  expect(now.runs[1]).toMatchObject({ name: "renamed", metrics: {} });
  expect(now.runs[0]).toBe(COMPARISON.runs[0]);
});

test("news of other runs change nothing", () => {
  expect(withChanges(COMPARISON, [rowOf("z")])).toBe(COMPARISON);
});

test("rows are asked for again when a run ends, goes or comes back, and not for another value", () => {
  expect(isOther(COMPARISON, { changed: [rowOf("a")], removed: ["gone"] })).toBe(false);
  expect(isOther(COMPARISON, { changed: [rowOf("a", { status: "finished" })], removed: [] })).toBe(true);
  expect(isOther(COMPARISON, { changed: [], removed: ["b"] })).toBe(true);
  expect(isOther(COMPARISON, { changed: [rowOf("z")], removed: [] })).toBe(true);
});
