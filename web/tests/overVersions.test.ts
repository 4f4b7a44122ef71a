import { expect, test } from "vitest";
import type { ModelVersion } from "../src/api";
import { MOST_POINTS, metricsOf, overVersions, valueOf, wordOf } from "../src/models/overVersions";

const version = (number: number, last: number | null, aliases: string[] = []): ModelVersion =>
  ({ version: number, aliases, metrics: last === null ? {} : { acc: { last } } }) as unknown as ModelVersion;

test("versions stand from the oldest to the newest, the best value on top", () => {
  const shown = overVersions([version(3, 0.8, ["production"]), version(2, null), version(1, 0.6)], "acc");
  expect(shown?.points.map(({ version: number, x, y }) => [number, x, y])).toEqual([[1, 0, 100], [3, 100, 0]]);
  expect([shown?.least, shown?.most, shown?.leftOut]).toEqual([0.6, 0.8, 1]);
});

test("compared is the value that stands for the run, and it says which one that is", () => {
  const best = { last: 0.6, shown: 0.9, summary: "max" } as unknown as ModelVersion["metrics"][string];
  const version = { version: 1, aliases: [], metrics: { acc: best } } as unknown as ModelVersion;
  expect(overVersions([version], "acc")?.points[0]?.value).toBe(0.9);
  expect([valueOf(best), wordOf(best), valueOf(undefined), wordOf(undefined)]).toEqual([0.9, "max", null, null]);
  expect(wordOf({ ...best, summary: "last" })).toBeNull();
});

test("one version stands in the middle, and none is no chart", () => {
  expect(overVersions([version(1, 0.5)], "acc")?.points[0]).toMatchObject({ x: 50, y: 50 });
  expect(overVersions([version(1, null)], "acc")).toBeNull();
});

test("of many versions the newest are shown", () => {
  const shown = overVersions(Array.from({ length: MOST_POINTS + 5 }, (_, place) => version(place + 1, place)), "acc");
  expect(shown?.points[0]?.version).toBe(6);
  expect(shown?.leftOut).toBe(5);
});

test("metrics are offered by name", () => {
  expect(metricsOf([version(1, 1), version(2, null)])).toEqual(["acc"]);
});
