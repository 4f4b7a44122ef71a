import { describe, expect, test } from "vitest";
import type { Colours } from "../src/charts/colours";
import { type View, cloudOf, colouringsOf, paintCloud, pixelsOf, project } from "../src/media/kinds/cloud";
import { channelsOf } from "../src/media/kinds/colour";
import { cellFilter, cellName, classesShown, difference, normalised, only, scoresOf, summaryOf } from "../src/media/kinds/confusion";
import { type Line, curveFigure, pointAt, positiveShare, thresholdSpan } from "../src/media/kinds/curves";
import { readAudio, readConfusionMatrix, readCurves, readHistogram, readObject3D, readText, readVideo } from "../src/media/kinds/details";
import { countOf, fpsOf, frameAt, timeOf } from "../src/media/kinds/frames";
import { barsFigure, densitiesOf, gridOf, heatFigure, quantileOf, ridgesFigure, sharesIn } from "../src/media/kinds/histograms";
import { type Piece, titleOf } from "../src/media/kinds/piece";
import { clockOf, outlineOf, peaksOf } from "../src/media/kinds/wave";
import { figureTexts } from "../src/media/kinds/words";

const PAINT: Colours = { text: "#000000", muted: "#777777", line: "#dddddd", background: "#ffffff", raised: "#ffffff", hues: Array.from({ length: 10 }, (_, hue) => `#${String(hue).repeat(6)}`) };

const histogram = (edges: number[], counts: number[]) => ({ edges, counts, nanCount: 0, infiniteCount: 0 });

describe("what pieces say of themselves", () => {
  test.each([
    ["edges", () => readHistogram({ edges: [0, 1], counts: [1, 2] }), "a histogram of 2 bins has one edge more, not 2"],
    ["falling edges", () => readHistogram({ edges: [1, 0], counts: [1] }), "the edges of a histogram must not fall"],
    ["counts", () => readHistogram({ edges: [0, 1], counts: ["1"] }), "counts holds what is no number"],
    ["no object", () => readText(null), "the description is no object"],
    ["an unknown format", () => readText({ format: "rtf" }), "format must be one of plain, markdown, code"],
    ["a bad video", () => readVideo({ format: "mp4", fps: -1 }), "fps is no number"],
    ["uneven curves", () => readCurves({ curves: [{ label: "a", x: [0, 1], y: [0] }] }), "a curve has as many x as y, not 2 and 1"],
    ["a matrix that is not square", () => readConfusionMatrix({ labels: ["a", "b"], counts: [[1, 2]] }), "a confusion matrix of 2 classes has as many rows, and columns in each"],
    ["points without a place", () => readObject3D({ count: 1, fields: ["x", "y"] }), "the points have no z"],
    ["peaks that are no pairs", () => readAudio({ format: "wav", peaks: [[1]] }), "peaks must be pairs of a least and a greatest amplitude"],
  ])("%s are refused with a reason", (_, read, reason) => {
    expect(read()).toEqual({ kind: "unreadable", reason });
  });

  test("what may be left out has its default", () => {
    expect(readText({})).toEqual({ kind: "ready", details: { format: "plain", language: "" } });
    expect(readObject3D({ count: 2, fields: ["x", "y", "z", "class"], classes: { "3": "tree" } })).toMatchObject({ details: { classes: new Map([[3, "tree"]]) } });
  });
});

test("a piece is named by what tells it from the others", () => {
  const piece = (id: number, run: string, position = 0): Piece => ({ id, run, name: "loss", kind: "histogram", step: 3, position, time_ms: 0, caption: "", size_bytes: 0, details: {}, files: [], is_abridged: false, content_url: null, thumbnail_url: null, frame_url: null });
  const runs = [{ id: "a", name: "calm-heron", hue: 1 }, { id: "b", name: "wild-owl", hue: 2 }];
  const titles = (media: Piece[]) => media.map((one) => titleOf(one, { media, runs }));
  expect(titles([piece(1, "a")])).toEqual(["loss"]);
  expect(titles([piece(1, "a"), piece(2, "b")])).toEqual(["calm-heron", "wild-owl"]);
  expect(titles([piece(1, "a"), piece(2, "a", 1)])).toEqual(["number 1", "number 2"]);
});

describe("sounds", () => {
  test("peaks keep the extremes of each part", () => {
    expect(peaksOf([0, 0.5, -1, 0.25], 2)).toEqual([[0, 0.5], [-1, 0.25]]);
    expect(peaksOf([], 5)).toEqual([]);
  });

  test("an outline goes along the top and back along the bottom", () => {
    expect(outlineOf([[-0.5, 0.5]])).toBe("M0 0.490L1 0.490L1 1.510L0 1.510Z");
    expect(outlineOf([])).toBe("");
  });

  test("times have tenths", () => { expect([clockOf(7.44), clockOf(723), clockOf(59.96)]).toEqual(["0:07.4", "12:03.0", "1:00.0"]); });
});

describe("videos", () => {
  test("each frame is found at its own time", () => {
    for (const fps of [23.976, 25, 29.97, 60]) {
      for (let frame = 1; frame <= 500; frame += 1) expect(frameAt(timeOf(frame, fps), fps, 500)).toBe(frame);
    }
  });

  test("what is stated goes before what is counted, and what is assumed says so", () => {
    expect(fpsOf(10, 30, 1)).toEqual({ fps: 10, isKnown: true });
    expect(fpsOf(null, 30, 2)).toEqual({ fps: 15, isKnown: true });
    expect(fpsOf(null, null, 2)).toEqual({ fps: 25, isKnown: false });
    expect([countOf(null, 25, 2), countOf(7, 25, 2), countOf(null, 25, Infinity)]).toEqual([50, 7, null]);
  });
});

describe("histograms", () => {
  test("bars have the width of their bins", () => {
    const { data } = barsFigure([{ title: "a", hue: 1, histogram: histogram([0, 1, 3], [4, 2]) }], "weights", PAINT);
    expect(data[0]).toMatchObject({ type: "bar", x: [0.5, 2], width: [1, 2], y: [4, 2], marker: { color: "#111111" } });
  });

  test("several are compared by density, whatever their bins and numbers", () => {
    expect(densitiesOf(histogram([0, 1, 3], [4, 4]))).toEqual([0.5, 0.25]);
    expect(densitiesOf(histogram([2, 2], [5]))).toEqual([1]);
    const { data } = barsFigure([{ title: "<a>", hue: 0, histogram: histogram([0, 1], [4]) }, { title: "b", hue: 1, histogram: histogram([0, 2], [100]) }], "weights", PAINT);
    expect(data.map(({ name, y }) => [name, y])).toEqual([["&lt;a&gt;", [0, 1, 1, 0]], ["b", [0, 0.5, 0.5, 0]]]);
  });

  test("values are spread over other bins without losing any", () => {
    expect(sharesIn(histogram([0, 1, 2], [1, 3]), [0, 0.5, 1, 1.5, 2])).toEqual([0.125, 0.125, 0.375, 0.375]);
    expect(sharesIn(histogram([1, 1], [7]), [0, 1, 2])).toEqual([0, 1]);
  });

  test("a heat map has a column for each step and no colour for nothing", () => {
    const grid = gridOf({ steps: [0, 10], histograms: [histogram([0, 1], [5]), histogram([1, 2], [5])] });
    expect(grid.shares.map((row) => row.map((share) => share > 0))).toEqual([...Array.from({ length: 30 }, () => [true, false]), ...Array.from({ length: 30 }, () => [false, true])]);
    const z = heatFigure(grid, "weights", PAINT).data[0]?.["z"] as (number | null)[][];
    expect(z[0]?.[1]).toBeNull();
  });

  test("ridges are at most forty, the first and the last among them, and the last in front", () => {
    const steps = Array.from({ length: 1000 }, (_, step) => step);
    const { data } = ridgesFigure({ steps, histograms: steps.map(() => histogram([0, 1], [1])) }, "weights", 0, PAINT);
    expect(data.length).toBe(40);
    expect([data[0]?.["text"], data.at(-1)?.["text"]]).toEqual(["step 0", "step 999"]);
    expect((data.at(-1)?.["y"] as number[])[0]).toBe(0);
  });

  test("quantiles lie within their bins", () => {
    expect(quantileOf(histogram([0, 1, 3], [2, 2]), 0.5)).toBe(1);
    expect(quantileOf(histogram([0, 1, 3], [2, 2]), 0.75)).toBe(2);
    expect(quantileOf(histogram([0, 1], [0]), 0.5)).toBeNaN();
  });
});

describe("curves", () => {
  const curve = { label: "cat", x: [1, 0.5, 0], y: [0.3, 0.8, 1], thresholds: [0.1, 0.5], area: 0.7, positiveCount: 30 };
  const line: Line = { id: "1", title: "run: cat", hue: 4, dash: 1, curve };

  test("runs keep their hues, classes are dashed, and hovering tells the threshold where there is one", () => {
    const { data } = curveFigure([line], "roc", null, PAINT);
    expect(data[0]).toMatchObject({ x: [0, 1], y: [0, 1] });
    expect(data[1]).toMatchObject({ name: "run: cat", line: { color: "#444444", dash: "dash" }, customdata: ["<br>threshold 0.1", "<br>threshold 0.5", ""] });
  });

  test("guessing has the precision that taking everything has", () => {
    expect(positiveShare(curve)).toBe(0.3);
    expect(curveFigure([line], "pr_curve", null, PAINT).data[0]).toMatchObject({ y: [0.3, 0.3] });
    expect(positiveShare({ ...curve, x: [0.9, 0.5, 0] })).toBeNull();
  });

  test("a threshold marks the nearest point", () => {
    expect([pointAt(curve, 0), pointAt(curve, 0.4), pointAt({ ...curve, thresholds: [] }, 0.4)]).toEqual([0, 1, null]);
    expect(thresholdSpan([line])).toEqual([0.1, 0.5]);
    expect(curveFigure([line], "roc", 0.4, PAINT).data.at(-1)).toMatchObject({ mode: "markers", x: [0.5], y: [0.8] });
  });
});

describe("confusion matrices", () => {
  const matrix = { labels: ["cat", "dog"], counts: [[8, 2], [0, 0]] };

  test("shares are of rows or columns, and of nothing they are 0", () => {
    expect(normalised(matrix, "row").values).toEqual([[0.8, 0.2], [0, 0]]);
    expect(normalised(matrix, "column").values).toEqual([[1, 1], [0, 0]]);
    expect(cellName(normalised(matrix, "row"), 0, 1)).toBe("actual cat, predicted dog: 20 %");
  });

  test("two are subtracted by the names of their classes", () => {
    const other = { labels: ["dog", "owl", "cat"], counts: [[5, 0, 0], [0, 0, 0], [1, 0, 3]] };
    expect(difference(normalised(matrix, "none"), normalised(other, "none"))).toMatchObject({ labels: ["cat", "dog"], values: [[5, 1], [0, -5]] });
  });

  test("of many classes those with most mistakes are shown", () => {
    const many = { labels: ["a", "b", "c"], counts: [[9, 0, 0], [0, 5, 4], [0, 1, 2]] };
    expect(classesShown(many, "", 2)).toEqual([1, 2]);
    expect(classesShown(many, " A", 2)).toEqual([0]);
    expect(only(normalised(many, "none"), [1, 2]).values).toEqual([[5, 4], [1, 2]]);
  });

  test("the examples of a cell are asked for by names that may hold anything", () => { expect(cellFilter('a "cat"', "dog\\")).toBe('actual == "a \\"cat\\"" and predicted == "dog\\\\"'); });

  test("what it comes to is said in words", () => {
    expect(summaryOf(matrix)).toBe("80 % of 10 right, 2 classes");
    expect(scoresOf(matrix)[1]).toEqual({ label: "dog", actual: 0, predicted: 2, precision: 0, recall: null });
  });
});

describe("clouds of points", () => {
  const FRONT: View = { turn: 0, tilt: 0, zoom: 1 };
  const bytes = (...numbers: number[]) => Float32Array.from(numbers).buffer;

  test("points are centred in a cube, and those without a place are left out", () => {
    const cloud = cloudOf(bytes(10, 0, 0, 14, 2, 0, NaN, 0, 0, 1), { fields: ["x", "y", "z"] });
    expect(cloud.total).toBe(3);
    expect([...cloud.places]).toEqual([-1, -0.5, 0, 1, 0.5, 0]);
  });

  test("of too many points every so many are drawn", () => {
    expect(cloudOf(bytes(...Array.from({ length: 3000 }, (_, index) => index)), { fields: ["x", "y", "z"] }, 300).count).toBe(250);
  });

  test("a nearer point covers one behind it", () => {
    const cloud = cloudOf(bytes(0, -1, 0, 255, 0, 0, 0, 1, 0, 0, 255, 0), { fields: ["x", "y", "z", "r", "g", "b"] });
    expect(colouringsOf(cloud.fields)).toEqual(["rgb", "height"]);
    const image = new Uint32Array(100 * 100);
    paintCloud(image, 100, 100, cloud, pixelsOf(cloud, "rgb", PAINT.hues), FRONT, "#ffffff");
    expect(image[50 * 100 + 50]).toBe(0xff0000ff);
    paintCloud(image, 100, 100, cloud, pixelsOf(cloud, "rgb", PAINT.hues), { ...FRONT, turn: Math.PI }, "#ffffff");
    expect(image[50 * 100 + 50]).toBe(0xff00ff00);
    expect(image[0]).toBe(0xffffffff);
  });

  test("up is up, and what is on the right goes behind when it is turned", () => {
    expect(project(0, 0, 1, FRONT, 100, 100)[1]).toBeLessThan(50);
    const [across, , depth] = project(1, 0, 0, { ...FRONT, turn: Math.PI / 2 }, 100, 100);
    expect(across).toBeCloseTo(50);
    expect(depth).toBeCloseTo(1);
  });

  test("classes have hues, also those with strange numbers", () => {
    const cloud = cloudOf(bytes(0, 0, 0, 1, 1, 1, 1, -9), { fields: ["x", "y", "z", "class"] });
    expect([...pixelsOf(cloud, "class", PAINT.hues)]).toEqual([0xff111111, 0xff111111]);
  });
});

test("colours are read as builds shorten them", () => { expect([channelsOf("#fff"), channelsOf("#1d5fd1")]).toEqual([[255, 255, 255], [29, 95, 209]]); });

test("a figure says its axes and numbers, packed ones too", () => {
  const figure = { layout: { title: { text: "Loss" }, xaxis: { title: "step" } }, data: [{ type: "bar", name: "a", x: ["p", "q"], y: { dtype: "f8", bdata: btoa(String.fromCharCode(...new Uint8Array(Float64Array.of(1.5, 2).buffer))) } }] };
  expect(figureTexts(JSON.stringify(figure))).toBe("Title: Loss\nx axis: step\n\n1. a (bar)\nx: p, q\ny: 1.5, 2");
  expect(figureTexts("{")).toBe("This is no figure that can be read.");
});
