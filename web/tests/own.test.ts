import { expect, test } from "vitest";
import { endsOf, rangeOf } from "../src/charts/fields";
import { ownOf, viewOf, withOwn } from "../src/charts/own";
import { readCharts } from "../src/charts/settings";

const PAGE = { ...readCharts({}), range: [10, 20] as const };

test("a chart is drawn as its page, but for what it has otherwise", () => {
  const settings = { ...PAGE, own: { loss: { ySpan: [0, 1] as const } } };
  expect(viewOf(settings, "acc")).toBe(settings);
  expect(viewOf(settings, "loss")).toMatchObject({ ySpan: [0, 1], range: [10, 20] });
});

test("a range of the page says nothing of another axis", () => {
  expect(viewOf({ ...PAGE, own: { loss: { x: "time" } } }, "loss").range).toBeNull();
});

test("what is as on the page again is not remembered", () => {
  const own = withOwn({}, "loss", { x: "time", isLog: true });
  expect(withOwn(own, "loss", { x: undefined })).toEqual({ loss: { isLog: true } });
  expect(withOwn(own, "loss", { x: undefined, isLog: undefined })).toEqual({});
  expect(ownOf({ x: "step", range: [10, 20], ySpan: [0, 1], isLog: false }, PAGE)).toEqual({ ySpan: [0, 1] });
});

test("fields of a range hold seconds since the start, and times of the zone that one is in", () => {
  expect(endsOf("relative_time", [1000, 2500])).toEqual({ from: "1", to: "2.5" });
  expect(rangeOf("relative_time", { from: "1", to: "2.5" })).toEqual([1000, 2500]);
  const times = [1_700_000_000_000, 1_700_000_060_000] as const;
  expect(rangeOf("time", endsOf("time", times))).toEqual(times);
  expect(rangeOf("step", { from: "", to: "" })).toBeNull();
  expect([rangeOf("step", { from: "3", to: "" }), rangeOf("step", { from: "3", to: "2" })]).toEqual(["wrong", "wrong"]);
});
