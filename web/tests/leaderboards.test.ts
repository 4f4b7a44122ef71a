import { expect, test } from "vitest";
import type { ProgressStep } from "../src/api";
import { configWords, dataChoices, progressLine, question, rowsWords, scoreWords, suggestedName } from "../src/leaderboards/board";

const step = (time_ms: number, score: number): ProgressStep => ({ time_ms, score, label: "run", run: "r", model: null, version: null });

test("the best so far goes across until a better one comes, and then to it", () => {
  const line = progressLine([step(0, 0.5), step(50, 0.75), step(100, 1)]);
  expect(line?.places.map(({ x, y }) => [x, y])).toEqual([[0, 100], [50, 50], [100, 0]]);
  expect(line?.corners).toBe("0,100 50,100 50,50 100,50 100,0");
  expect([line?.least, line?.most]).toEqual([0.5, 1]);
});

test("one step stands in the middle, none is no line, and extremes stay in the box", () => {
  expect(progressLine([step(7, 1)])?.places).toMatchObject([{ x: 50, y: 50 }]);
  expect(progressLine([])).toBeNull();
  expect(progressLine([step(0, -1.7e308), step(1, 1.7e308)])?.places.map(({ y }) => y)).toEqual([100, 0]);
});

test("a score has its spread where there is one", () => {
  expect(scoreWords({ score: 0.9125, spread: 0.004 })).toBe("0.9125 ± 0.004");
  expect(scoreWords({ score: 0.9125, spread: null })).toBe("0.9125");
});

test("what is asked is a sentence", () => {
  expect(question({ metric: "val/acc", goal: "max", data: "digits-val:v3" })).toBe("val/acc, higher is better, on digits-val:v3");
  expect(question({ metric: "loss", goal: "min", data: null })).toBe("loss, lower is better, on whatever data");
  expect([rowsWords(1, "family"), rowsWords(2, "family"), rowsWords(2, "model")]).toEqual(["1 family", "2 families", "2 versions"]);
});

test("a family is told by what it has in its config, and a name is suggested", () => {
  expect(configWords({ lr: 0.1, wide: true, name: "adam" })).toBe("lr = 0.1, wide = true, name = adam");
  expect(suggestedName("digits", "val/acc", "")).toBe("digits · val/acc");
  expect(suggestedName("t".repeat(120), "m", "d")).toHaveLength(100);
});

test("data is offered by its newest versions, and what models and evaluations are is not", () => {
  const artifacts = [{ name: "val", version: 2, kind: "dataset" }, { name: "cnn", version: 9, kind: "model" }, { name: "eval", version: 1, kind: "evaluation" }];
  expect(dataChoices(artifacts)).toEqual(["val:v2", "val:v1"]);
  expect(dataChoices([{ name: "val", version: 9, kind: "data" }], 2)).toEqual(["val:v9", "val:v8"]);
});
