import { describe, expect, it } from "vitest";
import { COLUMN, NODE, layOut } from "../src/models/lineageLayout";

const arrows = (...pairs: string[]) => pairs.map((pair) => ({ source: pair.slice(0, 1), target: pair.slice(1) }));
const layers = (ids: string, ...pairs: string[]) => {
  const { places } = layOut([...ids], arrows(...pairs));
  return [...ids].map((id) => Math.round((places.get(id)?.x ?? NaN) / COLUMN)).join("");
};

describe("where the nodes of a graph stand", () => {
  it("puts each behind all that it came from", () => {
    expect(layers("abcd", "ab", "bc", "ac", "cd")).toBe("0123");
  });

  it("puts what nothing leads to directly before what it leads to", () => {
    expect(layers("abcx", "ab", "bc", "xc")).toBe("0121");
  });

  it("goes around a cycle once", () => {
    expect(layers("abc", "ab", "bc", "ca")).toBe("012");
  });

  it("draws one node without an arrow", () => {
    expect(layOut(["a"], [])).toMatchObject({ width: NODE.width, height: NODE.height, paths: [] });
  });

  it("keeps nodes of a layer apart and uncrosses their arrows", () => {
    const { places } = layOut([..."abxy"], arrows("ay", "bx"));
    const y = (id: string) => places.get(id)?.y ?? NaN;
    expect(Math.abs(y("x") - y("y"))).toBeGreaterThanOrEqual(NODE.height);
    expect(y("a") < y("b")).toBe(y("y") < y("x"));
  });

  it("leads a long arrow past the nodes between", () => {
    const { places, paths } = layOut([..."abc"], arrows("ab", "bc", "ac"));
    const lane = places.get("a → c 1");
    expect(Math.abs((lane?.y ?? 0) - (places.get("b")?.y ?? 0))).toBeGreaterThan(NODE.height / 2);
    expect(paths).toHaveLength(3);
  });
});
