/** Which values are better: said by a person, defined by runs, never guessed. */

import { expect, test } from "vitest";
import { goalIn } from "../src/goals";

const GOALS = {
  chosen: { "val/acc": "max" as const },
  defined: [
    { pattern: "*", goal: "max" as const },
    { pattern: "val/*", goal: "min" as const },
    { pattern: "val/f1", goal: "max" as const },
  ],
};

test("what a person has said counts before what runs define, and the closest pattern before others", () => {
  expect(goalIn(GOALS, "val/acc")).toBe("max");
  expect(goalIn(GOALS, "val/f1")).toBe("max");
  expect(goalIn(GOALS, "val/loss")).toBe("min");
  expect(goalIn(GOALS, "reward")).toBe("max");
});

test("nothing is known of a metric by its name alone", () => {
  expect(goalIn({ chosen: {}, defined: [] }, "loss")).toBeNull();
});
