import { describe, expect, test } from "vitest";
import { difference } from "../src/media/images/difference";
import { NO_MARKING, isBoxShown, legendOf, readImage, toggled } from "../src/media/images/marks";
import { WHOLE, moved, pixelAt, rectangleOf, zoomed } from "../src/media/images/view";
import { placeOf, prefixOf, readStep, together } from "../src/media/steps";

const IMAGE = { width: 100, height: 50 };
const PLACE = { width: 400, height: 400 };

describe("the step", () => {
  test("is the greatest that is not after the one asked for", () => {
    expect([null, -5, 0, 7, 10, 99].map((asked) => placeOf([0, 5, 10], asked))).toEqual([2, 0, 0, 1, 2, 2]);
    expect(placeOf([], 3)).toBe(0);
  });

  test("is read from an address, however mangled", () => {
    expect(["12", "-3", "", "1e9", "abc", undefined].map(readStep)).toEqual([12, -3, null, null, null, null]);
  });

  test("of several runs is one of any", () => {
    expect(together([[0, 10], [5, 10], []])).toEqual([0, 5, 10]);
    expect(["a/b/c", "a", ""].map(prefixOf)).toEqual(["a/b", "", ""]);
  });
});

describe("the part of an image that is seen", () => {
  test("is all of it at first, in the middle", () => {
    expect(rectangleOf(WHOLE, IMAGE, PLACE)).toEqual({ left: 0, top: 100, width: 400, height: 200 });
  });

  test("keeps what lies under the pointer when it is zoomed", () => {
    const at = { x: 100, y: 150 };
    const view = zoomed(WHOLE, 4, IMAGE, PLACE, at);
    expect(pixelAt(view, IMAGE, PLACE, at)).toEqual(pixelAt(WHOLE, IMAGE, PLACE, at));
    expect(zoomed(view, 1 / 100, IMAGE, PLACE)).toEqual(WHOLE);
  });

  test("never loses the image", () => {
    const view = moved(zoomed(WHOLE, 2, IMAGE, PLACE), 99_999, -99_999, IMAGE, PLACE);
    expect([view.x, view.y]).toEqual([0, 1]);
    expect(pixelAt(WHOLE, IMAGE, PLACE, { x: 5, y: 5 })).toBeNull();
  });
});

describe("what is marked in an image", () => {
  const details = readImage({ width: 10, height: 10, boxes: [{ box: [0, 0, 1, 1], label: "cat", score: 0.9 }, { box: [0, 0, 2, 2], label: "cat", score: 0.2 }, { box: [1, 2], label: "cat" }, 7], masks: [{ name: "seen", classes: { 1: "road", x: "no" } }, {}] });

  test("is read as far as it is valid", () => {
    expect(details.boxes).toHaveLength(2);
    expect(details.masks.map(({ classes }) => [...classes])).toEqual([[[1, "road"]]]);
    expect(readImage("nonsense")).toEqual({ width: null, height: null, boxes: [], masks: [] });
  });

  test("is counted and hidden by class and score", () => {
    const [cat, road] = legendOf([details], 0.5);
    expect([cat?.label, cat?.count, road?.label, road?.of]).toEqual(["cat", 1, "road", "seen"]);
    expect(details.boxes.filter((box) => isBoxShown(box, { ...NO_MARKING, threshold: 0.5 }))).toHaveLength(1);
    const hidden = toggled(NO_MARKING, cat?.key ?? "");
    expect(details.boxes.filter((box) => isBoxShown(box, hidden))).toHaveLength(0);
    expect(toggled(hidden, cat?.key ?? "").hidden.size).toBe(0);
  });
});

test("the difference of two images says where, how often and how much", () => {
  const [left, right] = [new Uint8ClampedArray([0, 0, 0, 255, 9, 9, 9, 255]), new Uint8ClampedArray([0, 30, 0, 255, 9, 9, 9, 255])];
  expect(difference(left, right, 4)).toEqual({ pixels: new Uint8ClampedArray([0, 120, 0, 255, 0, 0, 0, 255]), differing: 0.5, mean: 5, greatest: 30 });
});
