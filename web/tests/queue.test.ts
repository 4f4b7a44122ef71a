import { expect, test } from "vitest";
import { TURN_MS, drawQueue } from "../src/charts/queue";

/** A queue whose turns and whose time are in the test's hands. */
function manualQueue() {
  const steps: (() => void)[] = [];
  const time = { now: 0 };
  const queue = drawQueue((run) => steps.push(run), () => time.now);
  const runAll = () => {
    while (steps.length > 0) steps.shift()?.();
  };
  return { queue, steps, time, runAll };
}

test("tiles that are drawn quickly share a turn", () => {
  const { queue, steps } = manualQueue();
  const done: number[] = [];
  queue.add({}, () => done.push(1));
  queue.add({}, () => done.push(2));
  steps.shift()?.();
  expect(done).toEqual([1, 2]);
  expect(steps).toEqual([]);
});

test("a tile that uses up the turn leaves room before the next one", () => {
  const { queue, steps, time } = manualQueue();
  const done: number[] = [];
  queue.add({}, () => { time.now += TURN_MS; done.push(1); });
  queue.add({}, () => done.push(2));
  steps.shift()?.();
  expect(done).toEqual([1]);
  steps.shift()?.();
  expect(done).toEqual([1, 2]);
});

test("what comes after the last turn begins another", () => {
  const { queue, runAll } = manualQueue();
  const done: number[] = [];
  queue.add({}, () => done.push(1));
  runAll();
  queue.add({}, () => done.push(2));
  runAll();
  expect(done).toEqual([1, 2]);
});

test("a newer task of the same owner replaces the old one", () => {
  const { queue, runAll } = manualQueue();
  const done: string[] = [];
  const tile = {};
  queue.add(tile, () => done.push("old"));
  queue.add(tile, () => done.push("new"));
  runAll();
  expect(done).toEqual(["new"]);
});

test("the tile under the pointer goes first", () => {
  const { queue, runAll } = manualQueue();
  const done: string[] = [];
  const hovered = {};
  queue.add({}, () => done.push("other"));
  queue.add(hovered, () => done.push("hovered"));
  queue.prefer(hovered);
  runAll();
  expect(done).toEqual(["hovered", "other"]);
});

test("a tile that went away is not drawn", () => {
  const { queue, runAll } = manualQueue();
  const done: string[] = [];
  const gone = {};
  queue.add(gone, () => done.push("gone"));
  queue.drop(gone);
  runAll();
  expect(done).toEqual([]);
});

test("a task that fails does not stop the others", () => {
  const { queue, steps } = manualQueue();
  const done: string[] = [];
  queue.add({}, () => {
    throw new Error("broken tile");
  });
  queue.add({}, () => done.push("next"));
  expect(() => steps.shift()?.()).toThrow("broken tile");
  steps.shift()?.();
  expect(done).toEqual(["next"]);
});
