import { expect, test } from "vitest";
import type { Keys, RunRow } from "../src/api";
import { cellText, cellValue, columnKeys, columnOf } from "../src/workspace/columns";
import { tableAsCsv } from "../src/workspace/tableText";
import { countNewer, highestNumber, patched, returned } from "../src/workspace/runs";
import { selectRow } from "../src/workspace/selection";

const KEYS: Keys = {
  config: [
    { key: "lr", run_count: 9, value_count: 4 },
    { key: "seed", run_count: 9, value_count: 1 },
  ],
  metrics: [
    { name: "train/loss", kind: "metric", run_count: 9 },
    { name: "val/acc", kind: "metric", run_count: 9 },
    { name: "system/cpu", kind: "system", run_count: 9 },
  ],
  counted_config_runs: 9,
  counted_metric_runs: 9,
  has_more: false,
};
const SUMMARY = { count: 3, last: 0.7, last_step: 2, min: 0.1, min_step: 0, max: 0.9, max_step: 1, mean: 0.5, kind: "metric" as const };

const row = (id: string, given: Partial<RunRow> = {}): RunRow => ({
  id,
  project: "p",
  number: 1,
  name: id,
  status: "finished",
  is_stopping: false, is_archived: false, is_hue_chosen: false,
  hue: 0,
  group: null,
  job_type: null,
  tags: [],
  created_ms: 0,
  started_ms: 0,
  finished_ms: null,
  heartbeat_ms: 0,
  user: null,
  config: {},
  metrics: {},
  summary: {},
  ...given,
});

test("the columns at first are what tells runs apart: held-out metrics and config that varies", () => {
  expect(columnKeys(null, KEYS)).toEqual(["metrics.val/acc", "metrics.train/loss", "config.lr"]);
});

test("chosen columns stay chosen, also none", () => {
  expect(columnKeys([], KEYS)).toEqual([]);
});

test.each([
  ["metrics.val/acc", 0.7],
  ["metrics.val/acc.max", 0.9],
  ["metrics.val/acc.min", 0.1],
  ["config.lr", 3e-4],
  ["metrics.top.max", 5],
])("the cell of %s is %d", (key, value) => {
  const run = row("a", { metrics: { "val/acc": SUMMARY, "top.max": { ...SUMMARY, last: 5 } }, config: { lr: 3e-4 } });
  expect(cellValue(run, columnOf(key))).toBe(value);
});

test("what a run has not logged is an empty cell", () => {
  expect(cellText(cellValue(row("a"), columnOf("metrics.loss")))).toBe("");
});

test("a table is copied with its commas and quotes kept apart", () => {
  expect(tableAsCsv([row("a", { name: 'x, "y"', config: { lr: 0.1 } })], [columnOf("config.lr")])).toMatch(/^name,id,status,created,lr\n"x, ""y""",a,finished,.*,0\.1$/);
});

test("a changed row replaces the old one where it stands", () => {
  const page = { runs: [row("a"), row("b")], next_cursor: null, matched: 2, total: 2 };
  const fresh = row("b", { status: "failed" });
  expect(patched(page, new Map([["b", fresh]]), new Set()).runs.map(({ status }) => status)).toEqual(["finished", "failed"]);
});

test("a page in which nothing changed stays the same object", () => {
  const page = { runs: [row("a")], next_cursor: null, matched: 1, total: 1 };
  expect(patched(page, new Map([["z", row("z")]]), new Set())).toBe(page);
});

test("a deleted run leaves the page and its counts", () => {
  const page = { runs: [row("a"), row("b")], next_cursor: null, matched: 7, total: 9 };
  expect(patched(page, new Map(), new Set(["a"]))).toMatchObject({ matched: 6, total: 8 });
});

test("a changed run of a page that was not fetched is not a new one", () => {
  const seen = highestNumber([{ number: 7 }, { number: 9 }]);
  expect(countNewer([{ number: 3 }, { number: 9 }, { number: 10 }], seen)).toBe(1);
});

test("shift selects from the row that was clicked last", () => {
  const rows = ["a", "b", "c", "d"].map((id) => ({ id }));
  expect([...selectRow({ rows, selected: new Set(["d"]), anchor: 2, index: 0, how: "range" })]).toEqual(["d", "a", "b", "c"]);
});

test("a run whose deletion was undone is in the list again, whichever answer comes last", () => {
  const removed = new Set<string>();
  expect(returned(removed, { changed: [{ id: "b" }], removed: ["a"] })).toBe(false);
  expect(returned(removed, { changed: [{ id: "a" }], removed: [] })).toBe(true);
  expect(returned(removed, { changed: [{ id: "a" }], removed: [] })).toBe(false);
});
