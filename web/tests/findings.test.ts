import { expect, test } from "vitest";
import { findingOf } from "../src/run/findings";

const found = (details: Record<string, unknown>, kind = "nan") => findingOf({ kind, details });

test("a finding has its metric and the good values before it", () => {
  expect(found({ metric: "loss", value: "inf", last_good: [[410, 0.25], [411, 0.5]] })).toEqual({
    metric: "loss",
    word: "inf",
    lastGood: [{ step: 410, value: 0.25 }, { step: 411, value: 0.5 }],
  });
});

test("an alert of the program is no finding, whatever its details", () => {
  expect(found({ metric: "loss" }, "alert")).toBeNull();
});

test.each([
  ["no metric", { value: "nan" }, null],
  ["values that are none", { metric: "loss", last_good: [[1, null], "x", [2], [3, 0.5]] }, [{ step: 3, value: 0.5 }]],
  ["no values", { metric: "loss", last_good: "many" }, []],
])("details from any client are read with care: %s", (_, details, lastGood) => {
  expect(found(details)?.lastGood ?? null).toEqual(lastGood);
});
