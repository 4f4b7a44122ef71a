import { expect, test } from "vitest";
import { drawQueue } from "../src/charts/queue";

function manualQueue() {
  const steps: (() => void)[] = [];
  const queue = drawQueue((run) => steps.push(run));
  const runAll = () => {
    while (steps.length > 0) steps.shift()?.();
  };
  return { queue, steps, runAll };
}

test("one task runs at a time, with room between them", () => {
  const { queue, steps } = manualQueue();
  const done: number[] = [];
  queue.add({}, () => done.push(1));
  queue.add({}, () => done.push(2));
  steps.shift()?.();
  expect(done).toEqual([1]);
  steps.shift()?.();
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
