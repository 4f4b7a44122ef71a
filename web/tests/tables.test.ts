import { describe, expect, it } from "vitest";
import type { TableColumn } from "../src/api";
import { likelyGoal, likelyKey } from "../src/tables/JoinView";
import { cellText, csvOf, mediaIn } from "../src/tables/cells";
import { PLAIN, queryOf, readState, turned, writeState } from "../src/tables/state";

const COLUMNS: TableColumn[] = [{ name: "shown", type: "media" }, { name: "label", type: "text" }, { name: "loss", type: "number" }, { name: "id", type: "number" }];

describe("a cell", () => {
  it("is told in words by its type", () => {
    expect([cellText(null, "text"), cellText("NaN", "number"), cellText(86_400_000, "time"), cellText([1, null], "json"), cellText(true, "boolean")]).toEqual(["", "NaN", "1970-01-02 00:00:00", "[1,null]", "true"]);
    expect(cellText(1e300, "time")).toBe("1e+300");
  });

  it("is media only with an address of this server", () => {
    expect(mediaIn({ file: "a.png", kind: "image", content_url: "/api/v1/media/1/content?file=a.png" })?.address).toBe("/api/v1/media/1/content?file=a.png");
    for (const address of ["https://evil.example/a.png", "javascript:alert(1)", "//evil.example", 3]) expect(mediaIn({ file: "a.png", kind: "image", content_url: address })?.address).toBeNull();
    for (const none of [null, "a.png", [], { kind: "image" }]) expect(mediaIn(none)).toBeNull();
  });
});

describe("CSV", () => {
  it("quotes what has to be, and lets no spreadsheet take a text for a formula", () => {
    expect(csvOf(["a", "b,c"], [[1, 'say "hi"'], [-2, "=1+1"], [null, "-3"], ["two\nlines", { x: 1 }]])).toBe('a,"b,c"\r\n1,"say ""hi"""\r\n-2,\'=1+1\r\n,-3\r\n"two\nlines","{""x"":1}"');
  });
});

describe("what is chosen of a table", () => {
  it("turns from up to down to as it was", () => {
    const up = turned(null, "loss");
    const down = turned(up, "loss");
    expect([up, down, turned(down, "loss"), turned(down, "id")]).toEqual([{ column: "loss", descending: false }, { column: "loss", descending: true }, null, { column: "id", descending: false }]);
  });

  it("asks for the means of numbers where there are groups", () => {
    expect(queryOf({ ...PLAIN, by: "label" }, COLUMNS).group).toEqual({ by: ["label"], values: [{ column: "loss", of: "mean" }, { column: "id", of: "mean" }] });
    expect(queryOf({ ...PLAIN, columns: ["loss"] }, COLUMNS)).toEqual({ filter: "", sort: [], columns: ["loss"], group: null });
  });

  it("comes back from an address, whatever stands there", () => {
    const state = { sort: { column: "loss", descending: true }, filter: "loss > 1", by: "", columns: ["loss"] };
    expect(readState(writeState(state))).toEqual(state);
    expect(writeState(PLAIN)).toBe("");
    for (const text of [undefined, "", "{", "null", "[1]", '{"sort":3,"columns":"x"}']) expect(readState(text)).toEqual(PLAIN);
  });
});

describe("a join", () => {
  it("begins with a key and a goal that are likely", () => {
    expect([likelyKey(COLUMNS), likelyKey(COLUMNS.slice(0, 2)), likelyKey([])]).toEqual(["id", "label", ""]);
    expect([likelyGoal("loss"), likelyGoal("val/accuracy")]).toEqual(["min", "max"]);
  });
});
