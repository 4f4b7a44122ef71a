import { expect, test } from "vitest";
import type { Keys } from "../src/api";
import { differing, labelCandidates, noteOf, readLabels, writeLabels } from "../src/workspace/labels";

const config = (...values: readonly [string, number, number][]): Keys => ({
  config: values.map(([key, run_count, value_count]) => ({ key, run_count, value_count })),
  metrics: [],
  counted_config_runs: 0,
  counted_metric_runs: 0,
  has_more: false,
});

test("runs are told apart by the keys in which they differ, few values before many", () => {
  const runs = [
    { "optim.lr": 0.1, model: "deep", width: 8 },
    { "optim.lr": 0.01, model: "deep", width: 8 },
    { "optim.lr": 0.001, model: "wide", width: 8 },
  ];
  expect(differing(["config.model", "config.optim.lr", "config.width"], runs)).toEqual(["config.model", "config.optim.lr"]);
  expect(differing(["config.model", "config.optim.lr"], runs.slice(0, 1))).toEqual([]);
});

test("a key that tells no more runs apart than those before it is left out", () => {
  const runs = [{ lr: 1, size: "small", layers: 2 }, { lr: 2, size: "small", layers: 2 }, { lr: 1, size: "large", layers: 8 }, { lr: 2, size: "large", layers: 8 }];
  expect(differing(["config.layers", "config.lr", "config.size"], runs)).toEqual(["config.layers", "config.lr"]);
});

test("seeds and paths are taken only where nothing else differs", () => {
  const runs = [{ lr: 1, seed: 1, data: "/mnt/a" }, { lr: 1, seed: 2, data: "/mnt/b" }, { lr: 2, seed: 3, data: "/mnt/c" }];
  const candidates = ["config.data", "config.lr", "config.seed"];
  expect(differing(candidates, runs)).toEqual(["config.lr"]);
  expect(differing(candidates, runs.slice(0, 2))).toEqual(["config.seed"]);
});

test("at most three keys, and a run without one differs from those with it", () => {
  const bits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
  const runs = bits.map((bit) => ({ a: bit & 1, b: bit & 2, c: bit & 4, d: bit & 8 }));
  expect(differing(["config.a", "config.b", "config.c", "config.d"], runs)).toHaveLength(3);
  expect(differing(["config.augment"], [{ augment: "crop" }, {}])).toEqual(["config.augment"]);
});

test("the order of the runs and of what is known of them changes nothing", () => {
  const runs = [{ lr: 1, model: "a" }, { lr: 2, model: "b" }, { lr: 3, model: "b" }];
  const chosen = differing(["config.lr", "config.model"], runs);
  expect(differing(["config.model", "config.lr"], runs.toReversed())).toEqual(chosen);
});

test("only a few keys with several values are asked for, those that may tell something first", () => {
  const many = Array.from({ length: 30 }, (_, index): [string, number, number] => [`key${String(index).padStart(2, "0")}`, 40, 3]);
  const asked = labelCandidates(null, config(["fixed", 40, 1], ["seed", 40, 5], ["noise", 40, 40], ...many));
  expect(asked).toHaveLength(12);
  expect(asked).not.toContain("config.seed");
  expect(asked).not.toContain("config.noise");
  expect(labelCandidates(null, config(["fixed", 3, 1], ["seed", 3, 3]))).toEqual(["config.seed"]);
  expect(labelCandidates(["config.fixed"], config(["seed", 3, 3]))).toEqual(["config.fixed"]);
});

test("a note has the last part of a key, and the whole of one that would be like another or say nothing", () => {
  expect(noteOf({ "optim.lr": 0.0003, augment: true }, ["config.optim.lr", "config.augment"])).toEqual({ text: "lr 3e-4 · augment true", full: "optim.lr 0.0003\naugment true" });
  expect(noteOf({ "teacher.lr": 1, "student.lr": 2 }, ["config.teacher.lr", "config.student.lr"])?.text).toBe("teacher.lr 1 · student.lr 2");
  expect(noteOf({ "optim.name": "sgd" }, ["config.optim.name"])?.text).toBe("optim.name sgd");
  expect(noteOf({ other: 1 }, ["config.lr"])).toBeNull();
});

test("a long value is cut, and whole in the title", () => {
  const note = noteOf({ prompt: "Once upon a time there was a run" }, ["config.prompt"]);
  expect(note).toEqual({ text: "prompt Once upon a time th…", full: "prompt Once upon a time there was a run" });
});

test("labels survive their address, and the default is left out of it", () => {
  expect(writeLabels(null)).toEqual({ labels: undefined });
  for (const labels of [null, [], ["config.a,b", "config.none"]]) expect(readLabels(writeLabels(labels))).toEqual(labels);
  expect(readLabels({ labels: "lr" })).toEqual([]);
});
