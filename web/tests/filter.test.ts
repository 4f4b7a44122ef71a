import { expect, test } from "vitest";
import { completionsAt, written } from "../src/workspace/completion";
import { fieldOf, isExpression, narrowingOf, placeIn } from "../src/workspace/filter";

const NAMES = { config: ["lr", "optim.lr", "batch-size", "optim.lambda"], metrics: ["loss", "val/acc", "val/loss"] };

/** What is offered at the end of a text. */
const offered = (text: string) => completionsAt(text, text.length, NAMES).options.map(({ label }) => label);

/** The text after its first completion, or that with this label, was taken. */
function completed(text: string, label?: string): string {
  const { from, options } = completionsAt(text, text.length, NAMES);
  const option = label === undefined ? options[0] : options.find((one) => one.label === label);
  return option === undefined ? text : text.slice(0, from) + option.insert;
}

test.each(["heron", "warm restart", "run-3 (copy)", "bob's best", "tags", "not mine", "", "a/b.c"])("%j is looked for as words", (text) => {
  expect(isExpression(text)).toBe(false);
});

test.each(["config.lr < 1", "lr = 3", '"baseline" in tags', "not archived", 'name.startswith("a")', "metrics.loss is None", "metrics.", "created > days_ago(7)", 'status in ["lost"]'])(
  "%j is an expression",
  (text) => {
    expect(isExpression(text)).toBe(true);
  },
);

test("the field holds words or an expression, never both", () => {
  expect(narrowingOf("heron")).toEqual({ text: "heron", filter: "" });
  expect(narrowingOf("config.lr < 1")).toEqual({ text: "", filter: "config.lr < 1" });
  expect(fieldOf(narrowingOf("config.lr < 1"))).toBe("config.lr < 1");
});

test("a place in a filter is marked as a whole word, counted by characters beyond the BMP too", () => {
  expect(placeIn('name == "😀" and nmae == 3', 17)).toEqual({ before: 'name == "😀" and ', marked: "nmae", after: " == 3" });
  expect(placeIn("config.lr = 3", 11)).toEqual({ before: "config.lr ", marked: "=", after: " 3" });
});

test("a place behind the end is marked by nothing, and no place by no mark", () => {
  expect(placeIn("config.lr <", 12)).toEqual({ before: "config.lr <", marked: "", after: "" });
  expect(placeIn("config.lr <", null)).toBeNull();
});

test("a long filter is shown around its place", () => {
  const place = placeIn(`${"a".repeat(60)} ? ${"b".repeat(60)}`, 62);
  expect(place).toEqual({ before: `…${"a".repeat(23)} `, marked: "?", after: ` ${"b".repeat(23)}…` });
});

test("a name is written with a dot where it can be", () => {
  expect(written("config", "optim.lr")).toBe("config.optim.lr");
  expect(written("config", "optim.lambda")).toBe('config["optim.lambda"]');
  expect(written("config", "batch-size")).toBe('config["batch-size"]');
  expect(written("metrics", "loss")).toBe("metrics.loss");
  expect(written("metrics", "train.loss")).toBe('metrics["train.loss"]');
});

test("a word is completed to what begins with it, then to what has it", () => {
  expect(offered("lr")).toEqual(["lr", "optim.lr"]);
  expect(completed("lr")).toBe("config.lr ");
  expect(completed("config.lr > 1 and acc")).toBe('config.lr > 1 and metrics["val/acc"]');
  expect(offered("dur")).toEqual(["duration"]);
  expect(completed("created > days")).toBe("created > days_ago(");
});

test("a name is completed where it stands in its group", () => {
  expect(completed("config.opt")).toBe("config.optim.lr ");
  expect(completed('metrics["val/a')).toBe('metrics["val/acc"]');
  expect(completed("metrics.val", "val/loss")).toBe('metrics["val/loss"]');
});

test("a metric is completed by its statistics", () => {
  expect(offered('metrics["val/acc"]').slice(0, 5)).toEqual([".last", ".min", ".max", ".mean", ".best"]);
  expect(completed('metrics["val/acc"].ma')).toBe('metrics["val/acc"].max ');
  expect(completed("metrics.loss.me")).toBe("metrics.loss.mean ");
});

test("operators follow a name, and words that join follow a comparison", () => {
  expect(offered("config.lr ")).toContain("<=");
  expect(offered("config.lr is")).toEqual(["is None", "is not None"]);
  expect(offered("config.lr < 1 ")).toEqual(["and", "or"]);
  expect(offered("config.lr < 1 and archived ")).toContain("==");
});

test("a status and the parts of a text are completed", () => {
  expect(completed("status == fin")).toBe('status == "finished" ');
  expect(completed('status == "lo')).toBe('status == "lost" ');
  expect(completed("name.st")).toBe('name.startswith("');
});

test("nothing is offered inside a text, after a number or after plain words", () => {
  for (const text of ['name == "lr', "config.lr < 1", "warm ", "warm lr"]) expect(offered(text)).toEqual([]);
});
