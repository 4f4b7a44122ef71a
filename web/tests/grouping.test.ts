import { expect, test } from "vitest";
import { parseSearch, stringifySearch } from "../src/address";
import type { RunGroups } from "../src/api";
import { type Value, groupFilter, groupName, groupSort, groupsOf, inOrderOf, narrowed, shownGroups, toggledGroup } from "../src/workspace/groupNames";
import { UNGROUPED, grouped, readGrouping, writeGrouping } from "../src/workspace/grouping";

const answer = (values: Value[][], keys = ["config.lr"]): RunGroups => ({ keys, groups: values.map((one) => ({ values: one, run_count: 3, columns: [0.5, 0.1, 7, null] })), group_count: values.length, matched: 9 });

test.each([
  { by: ["config.lr", "tag"], except: null },
  { by: [], except: [] },
  { by: [], except: ["config.seed"] },
])("a grouping survives its address: %o", (keys) => {
  const grouping = grouped(UNGROUPED, keys);
  expect(readGrouping(parseSearch(stringifySearch(writeGrouping(grouping))))).toEqual(grouping);
});

test("other keys forget which groups were hidden, and keep how they are drawn", () => {
  const before = { ...UNGROUPED, by: ["config.lr"], center: "median" as const, minus: ["0.1"] };
  expect(grouped(before, { by: ["tag"], except: null })).toEqual({ ...before, by: ["tag"], minus: [] });
});

test.each<[string[], Value[], string, string]>([
  [["config.lr"], [3e-4], 'config["lr"] == 0.0003', "lr 3e-4"],
  [["config.a\"b"], ["wi\"de\n"], 'config["a\\"b"] == "wi\\"de\\n"', 'a"b wi"de\n'],
  [["config.lr", "job_type"], [null, "eval"], 'config["lr"] is None and job_type == "eval"', "no lr · job type eval"],
  [["tag"], ["new"], '"new" in tags', "tag new"],
  [["tag"], [null], "not tags", "no tag"],
  [[], [], "True", "all runs"],
])("a group of %o %o is a filter and has a name", (keys, values, filter, name) => {
  expect(groupFilter(keys, values)).toBe(filter);
  expect(groupName(keys, values)).toBe(name);
});

test("a filter and a group hold together, whatever the filter ends in", () => {
  expect(narrowed("", "not tags")).toBe("not tags");
  expect(narrowed("a or b # mine", "not tags")).toBe("(a or b # mine\n) and (not tags)");
});

test("a group's numbers come in pairs, and none is none", () => {
  expect(groupsOf(answer([[0.1]]))[0]).toMatchObject({ id: "0.1", count: 3, cells: [{ mean: 0.5, std: 0.1 }, { mean: 7, std: null }] });
});

test("groups are sorted by the mean of a column, by their key, and else by how they are called", () => {
  const by = { by: ["config.lr"] };
  expect(groupSort(by, [{ key: "metrics.loss", is_descending: true }])).toEqual({ key: "metrics.loss", aggregate: "mean", is_descending: true });
  expect(groupSort(by, [{ key: "config.lr", is_descending: true }])).toEqual({ key: "config.lr", is_descending: true });
  expect(groupSort(by, [{ key: "created", is_descending: true }])).toEqual({ key: "config.lr", is_descending: false });
  expect(groupSort({ by: [] }, [{ key: "created", is_descending: true }])).toEqual({ key: "count", is_descending: true });
});

test("groups keep their places while their numbers change, and new ones come last", () => {
  const values = (one: RunGroups) => one.groups.map((group) => group.values[0]);
  expect(values(inOrderOf(answer([[1], [2]]), answer([[3], [2], [1]])))).toEqual([1, 2, 3]);
  expect(values(inOrderOf(answer([[1]], ["tag"]), answer([[3], [1]])))).toEqual([3, 1]);
});

test("the first ten groups are shown, with those that the eye opened and without those that it closed", () => {
  const groups = Array.from({ length: 12 }, (_, index) => ({ id: String(index) }));
  const ids = (grouping: typeof UNGROUPED) => shownGroups(grouping, groups).map(({ id }) => Number(id));
  expect(ids(UNGROUPED)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const chosen = toggledGroup(toggledGroup(UNGROUPED, "11", false), "0", true);
  expect(ids(chosen)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 11]);
  expect(ids(toggledGroup(toggledGroup(chosen, "0", false), "11", true))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
