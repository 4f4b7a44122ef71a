import { expect, test } from "vitest";
import { LONGEST_ADDRESS, isAsSaved, placeOf } from "../src/views/held";
import { type How, after, before, differenceInWords, firstStep, shownNow, stepped } from "../src/views/steps";

const walk = (...states: [Record<string, string>, How?, number?][]) => states.reduce((steps, [state, how = "changed", nowMs = 0]) => stepped(steps, state, how, nowMs), firstStep({}));

test("a change can be undone, and redone after that", () => {
  const steps = walk([{ x: "time" }], [{ x: "time", log: "1" }]);
  expect(before(steps)).toEqual({ x: "time" });
  const undone = stepped({ ...steps, at: 1 }, { x: "time" }, "walked", 0);
  expect([shownNow(undone), after(undone)]).toEqual([{ x: "time" }, { x: "time", log: "1" }]);
});

test("a change after an undo takes the place of what was undone", () => {
  const steps = stepped({ ...walk([{ x: "time" }]), at: 0 }, { log: "1" }, "changed", 0);
  expect([before(steps), after(steps)]).toEqual([{}, null]);
});

test("going back with the browser is a step back, changing back by hand is a step on", () => {
  const there = walk([{ log: "1" }]);
  expect(stepped(there, {}, "walked", 0)).toMatchObject({ at: 0, states: [{}, { log: "1" }] });
  expect(stepped(there, {}, "changed", 0)).toMatchObject({ at: 2, states: [{}, { log: "1" }, {}] });
});

test("what is typed without a pause is one step", () => {
  expect(walk([{ q: "a" }, "typed", 0], [{ q: "ab" }, "typed", 900], [{ q: "abc" }, "typed", 1800]).states).toEqual([{}, { q: "abc" }]);
  expect(walk([{ q: "a" }, "typed", 0], [{ q: "ab" }, "typed", 5000]).states).toHaveLength(3);
  expect(walk([{ q: "a" }, "typed", 0], [{ q: "a", find: "b" }, "typed", 100]).states).toHaveLength(3);
});

test("no more than a hundred steps are kept", () => {
  const steps = walk(...Array.from({ length: 300 }, (_, index): [Record<string, string>] => [{ zoom: String(index) }]));
  expect([steps.states.length, steps.at, shownNow(steps)["zoom"]]).toEqual([100, 99, "299"]);
});

test("a difference is told in words, each once", () => {
  expect(differenceInWords({}, { minus: "a", plus: "b" })).toBe("visible runs");
  expect(differenceInWords({ zoom: "1..2", q: "a" }, { q: "b", x: "time" })).toBe("filter, x axis and zoom");
});

const BASE = { id: "abc", parameters: { x: "time" } };

test("a view as it was saved is in the address by its id alone", () => {
  expect(isAsSaved({ of: "abc", x: "time", log: undefined }, BASE)).toBe(true);
  expect(placeOf({ of: "abc", x: "time" }, BASE)).toEqual({ kind: "address", search: { v: "abc" } });
  expect(placeOf({ of: "abc", x: "time", log: "1" }, BASE)).toEqual({ kind: "address", search: { of: "abc", x: "time", log: "1" } });
});

test("a view that is longer than an address should be does not stand in it", () => {
  expect(placeOf({ plus: "x".repeat(LONGEST_ADDRESS) }, null)).toEqual({ kind: "too-long" });
  expect(placeOf({ plus: "x".repeat(LONGEST_ADDRESS - 10) }, null).kind).toBe("address");
});
