import { expect, test } from "vitest";
import type { Keys, RunRow } from "../src/api";
import { askedColumns, cellValue, columnKeys, columnOf, placeIn, sortKeyOf, sortedBy } from "../src/workspace/columns";
import { curvePath } from "../src/workspace/curves";
import { pinnedAt, tableColumns } from "../src/workspace/tableColumns";
import { moved, movedTo, readTable, switched, writeTable } from "../src/workspace/tableState";
import { runsAsFilter, tableAsJson, tableAsMarkdown } from "../src/workspace/tableText";

const SUMMARY = { count: 3, last: 0.7, last_step: 2, min: 0.1, min_step: 0, max: 0.9, max_step: 1, mean: 0.5, kind: "metric" as const };
const ROW: RunRow = {
  id: "r1", project: "p", number: 1, name: "a|b", status: "finished", is_stopping: false, is_archived: false, is_hue_chosen: false, hue: 0, group: null, job_type: null,
  tags: ["x", "y"], created_ms: 0, started_ms: 0, finished_ms: null, heartbeat_ms: 0, user: null, config: { lr: 0.1 }, metrics: { "val/acc": SUMMARY }, summary: {},
};
const NAMES = new Set(["val/acc", "odd.max"]);
const GOALS = new Map([["val/acc", "max" as const]]);

test("the best of a metric is the end that is better, and so is its step and its order", () => {
  const best = columnOf("metrics.val/acc.best");
  expect(cellValue(ROW, best)).toBe(undefined);
  expect(cellValue(ROW, best, GOALS)).toBe(0.9);
  expect(cellValue(ROW, columnOf("metrics.val/acc.best_step"), GOALS)).toBe(1);
  expect(sortKeyOf(best, NAMES, GOALS)).toBe("metrics.val/acc.max");
  expect(sortKeyOf(best, NAMES, new Map())).toBe(null);
});

test("of a statistic the metric itself is asked for, and facts are not asked for but notes", () => {
  expect(askedColumns(["metrics.val/acc.best", "config.lr", "tags", "notes", "curve.val/acc", "metrics.loss"])).toEqual([
    "metrics.val/acc.best", "metrics.val/acc", "config.lr", "notes", "metrics.loss",
  ]);
});

test("the wide table starts with facts of runs around its values", () => {
  expect(columnKeys(null, undefined, true)).toEqual(["created", "duration", "tags", "user"]);
  expect(columnKeys(null, undefined)).toEqual([]);
});

test("pinned columns stand beside the name and stay so far from the left as those before are wide", () => {
  const columns = tableColumns(["config.lr", "tags"], { isWide: true, isChosen: true, isLabelled: false, pinned: ["tags"], names: NAMES, goals: GOALS });
  expect(columns.map(({ id }) => id)).toEqual(["tick", "eye", "name", "tags", "status", "config.lr"]);
  expect([...pinnedAt(columns, () => 100)]).toEqual([["name", 0], ["tags", 100]]);
});

test("columns are moved, switched and kept with their widths in the address", () => {
  expect(movedTo(["a", "b", "c"], "a", "c")).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b", "c"], "c", -1)).toEqual(["a", "c", "b"]);
  expect(moved(["a", "b"], "a", -1)).toEqual(["a", "b"]);
  expect(switched(["a"], "a")).toEqual([]);
  const table = { pinned: ["config.a,b"], heat: ["metrics.x"], widths: { "config.a:b": 90 } };
  expect(readTable(writeTable(table))).toEqual(table);
  expect(readTable({ widths: "name:wide,:3,lr:9999" }).widths).toEqual({ lr: 900 });
});

test("sorting by one more goes down, up and away", () => {
  const first = [{ key: "name", is_descending: false }];
  const two = sortedBy(first, "config.lr", false);
  expect(two).toEqual([...first, { key: "config.lr", is_descending: true }]);
  expect(sortedBy(two, "config.lr", false)[1]).toEqual({ key: "config.lr", is_descending: false });
  expect(sortedBy(sortedBy(two, "config.lr", false), "config.lr", false)).toEqual(first);
  expect(sortedBy([{ key: "created", is_descending: true }], "name", true)).toEqual([{ key: "name", is_descending: true }]);
});

test("a shaded value has its place in the range, turned round where less is better", () => {
  expect(placeIn(2, { low: 1, high: 5 }, "max")).toBe(0.25);
  expect(placeIn(2, { low: 1, high: 5 }, "min")).toBe(0.75);
  expect(placeIn("2", { low: 1, high: 5 }, "max")).toBe(null);
  expect(placeIn(2, { low: 2, high: 2 }, "max")).toBe(null);
});

test("a curve is one path with its gaps", () => {
  expect(curvePath([0, 1, 2, 3], [0, 1, null, 1])).toBe("M1.0 19.0h0.1L32.3 1.0M95.0 1.0h0.1");
  expect(curvePath([], [])).toBe("");
});

test("rows are taken as Markdown, JSON and a filter", () => {
  const columns = [columnOf("metrics.val/acc.best"), columnOf("curve.val/acc"), columnOf("tags")];
  expect(tableAsMarkdown([ROW], columns, GOALS).split("\n")[0]).toBe("| name | id | status | created | val/acc.best | Tags |");
  expect(tableAsMarkdown([ROW], columns, GOALS)).toContain("| a\\|b | r1 | finished |");
  expect(JSON.parse(tableAsJson([ROW], columns, GOALS))).toMatchObject([{ name: "a|b", "metrics.val/acc.best": 0.9 }]);
  expect(runsAsFilter(["a", 'b"'])).toBe('id in ["a", "b\\""]');
});

test("a metric whose own name ends like a statistic is that metric", () => {
  const keys: Pick<Keys, "metrics"> = { metrics: [{ name: "odd.max", kind: "metric", run_count: 1 }] };
  expect(sortKeyOf(columnOf(`metrics.${keys.metrics[0]?.name ?? ""}`), NAMES, GOALS)).toBe("metrics.odd.max");
});
