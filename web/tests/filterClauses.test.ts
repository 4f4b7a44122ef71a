import { expect, test } from "vitest";
import { withFilter } from "../src/workspace/filter";
import { OPERATORS, type Kind, clauseOf, clausesOf, filterOf, kindOf, operandOf } from "../src/workspace/filterClauses";

const NAMES = new Set(["val/acc"]);
const clause = (key: string, sign: string, value = "") => {
  const kind: Kind = kindOf(key);
  const operator = OPERATORS[kind].find((one) => one.sign === sign);
  return operator === undefined ? undefined : clauseOf(operandOf(key, NAMES), kind, operator, value);
};

test("a condition is written as the language writes it, by the kind of its key", () => {
  expect(clause("config.lr", "<", "1e-3")).toBe("config.lr < 1e-3");
  expect(clause("config.model", "==", "wide")).toBe('config.model == "wide"');
  expect(clause("config.batch-size", "contains", "3")).toBe('"3" in config["batch-size"]');
  expect(clause("metrics.val/acc.max", ">", "0.9")).toBe('metrics["val/acc"].max > 0.9');
  expect(clause("metrics.val/acc", "is None")).toBe('metrics["val/acc"] is None');
  expect(clause("tags", "not in", "a b")).toBe('"a b" not in tags');
  expect(clause("created", ">=", "2026-11-01")).toBe('created >= "2026-11-01"');
  expect(clause("name", "startswith", "12")).toBe('name.startswith("12")');
  expect(clause("name", "==", "12")).toBe('name == "12"');
  expect(clause("user", "matches", "^a")).toBe('matches(user, "^a")');
});

test("a condition without a value, or with words for a number, is none yet", () => {
  expect(clause("config.lr", "<", " ")).toBe(null);
  expect(clause("metrics.val/acc", ">", "high")).toBe(null);
});

test("a filter falls into the conditions that all have to hold, and nothing of it is lost", () => {
  expect(clausesOf('config.a == "x and y" and (b or c) and not tags')).toEqual(['config.a == "x and y"', "(b or c)", "not tags"]);
  expect(clausesOf("config.a < 1 or config.b")).toEqual(["config.a < 1 or config.b"]);
  expect(clausesOf(" ")).toEqual([]);
  expect(filterOf(["config.a < 1 or config.b", "archived"])).toBe("(config.a < 1 or config.b) and archived");
  expect(filterOf(["config.a or config.b"])).toBe("config.a or config.b");
});

test("the last twenty filters are kept once each", () => {
  const many = Array.from({ length: 20 }, (_, index) => `config.a == ${String(index)}`);
  expect(withFilter(many, "config.a == 3").slice(0, 2)).toEqual(["config.a == 3", "config.a == 0"]);
  expect(withFilter(many, "tags")).toHaveLength(20);
});
