import { expect, test } from "vitest";
import type { Project } from "../src/api";
import { type ProjectOrder, listedProjects } from "../src/projects/order";

const project = (name: string, run_count: number): Project => ({ name, description: `of ${name}`, created_ms: 0, run_count, archived_count: 0, is_archived: false, running_count: 0, last_activity_ms: null, runs_per_day: [] });
const PROJECTS = [project("faces 10", 2), project("digits", 7), project("faces 9", 5)];
const bytes = new Map([["faces 9", 10], ["digits", 3]]);
const listed = (order: ProjectOrder, text = "", starred: string[] = []) => listedProjects(PROJECTS, { text, order, starred, bytes }).map(({ name }) => name);

test.each<[ProjectOrder, string[]]>([
  ["activity", ["faces 10", "digits", "faces 9"]],
  ["name", ["digits", "faces 9", "faces 10"]],
  ["runs", ["digits", "faces 9", "faces 10"]],
  ["storage", ["faces 9", "digits", "faces 10"]],
])("projects are in the order of their %s", (order, names) => {
  expect(listed(order)).toEqual(names);
});

test("starred projects stand first, and words narrow the list", () => {
  expect(listed("name", "", ["faces 10"])).toEqual(["faces 10", "digits", "faces 9"]);
  expect(listed("name", "of FACES")).toEqual(["faces 9", "faces 10"]);
});
