import { describe, expect, it } from "vitest";
import { slotKeeper } from "../src/workspace/slots";

const entries = (slots: ReadonlyMap<number, number>) => [...slots].sort(([, a], [, b]) => a - b).map(([row]) => row);

describe("the elements of rows", () => {
  it("stay with rows that stay, and go to rows that come", () => {
    const slotsOf = slotKeeper();
    expect(entries(slotsOf([0, 1, 2, 3], 0, true))).toEqual([0, 1, 2, 3]);
    expect(entries(slotsOf([2, 3, 4, 5], -1, false))).toEqual([4, 5, 2, 3]);
    expect(entries(slotsOf([40, 41, 42, 43], -1, false))).toEqual([40, 41, 42, 43]);
  });

  it("are in the order of the rows when one rests", () => {
    const slotsOf = slotKeeper();
    slotsOf([0, 1, 2, 3], -1, false);
    slotsOf([1, 2, 3, 4], -1, false);
    expect(entries(slotsOf([1, 2, 3, 4], -1, true))).toEqual([1, 2, 3, 4]);
  });

  it("never leave the row that may have the focus", () => {
    const slotsOf = slotKeeper();
    const before = slotsOf([0, 1, 2, 3], 2, true).get(2);
    expect(slotsOf([2, 20, 21, 22], 2, false).get(2)).toBe(before);
    expect(slotsOf([2, 20, 21, 22], 2, true).get(2)).toBe(before);
    expect(new Set(slotsOf([2, 20, 21, 22], 2, true).values()).size).toBe(4);
  });

  it("are as many as the rows", () => {
    const slotsOf = slotKeeper();
    slotsOf([0, 1, 2, 3, 4], -1, false);
    slotsOf([3, 4], -1, false);
    expect(slotsOf([3, 4, 5], -1, false).get(5)).toBe(0);
  });
});
