import { describe, expect, it } from "vitest";
import { lineSpan, withRule } from "../src/models/rules";

const RULE = "  - tags: [reviewed]\n";

describe("a rule that is put into a text", () => {
  it("begins the list where there is none, though a comment speaks of one", () => {
    expect(withRule("", RULE)).toBe("rules:\n  - tags: [reviewed]\n");
    expect(withRule("# rules:\n#   - metric: a", RULE)).toBe("# rules:\n#   - metric: a\nrules:\n  - tags: [reviewed]\n");
  });
  it("goes to the end of the list", () => {
    expect(withRule("rules:\n  - size: {at_most: 1 MB}", RULE)).toBe("rules:\n  - size: {at_most: 1 MB}\n  - tags: [reviewed]\n");
  });
});

describe("a line", () => {
  it("is found by its number", () => {
    expect("one\ntwo\nthree".slice(...lineSpan("one\ntwo\nthree", 2))).toBe("two");
    expect(lineSpan("one", 9)).toEqual([4, 4]);
  });
});
