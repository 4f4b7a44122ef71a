import { expect, test } from "vitest";
import { plotFigure, CONFIG, escapeHtml, chosenRange, figureAsCsv } from "../src/charts/plotFigure";
import { lineFigure } from "../src/charts/figure";
import { logTicks, durationTick } from "../src/charts/ticks";
import { curlLines, fetchLines } from "../src/models/fetchLines";
import { modelNameFrom, movedText } from "../src/models/promotion";
import { shownMetrics } from "../src/models/shownMetrics";
import { firstLines } from "../src/projects/firstLines";
import { afterReturns, partsOf } from "../src/run/ansi";
import { found, treeOf } from "../src/run/configTree";
import { commandOf, gitOf, leftOutOf, otherFacts, packagesOf, sourcesOf, variablesOf } from "../src/run/environment";
import { readPatch } from "../src/run/patch";
import { columnOf, seriesOf, styleOf } from "./series";

const PAINT = { text: "#000", muted: "#555", line: "#eee", background: "#fff", raised: "#fff", hues: ["#111", "#222"] };
const FIGURE = lineFigure("loss", [{ series: seriesOf({ values: [1, null, 3], marks: [{ x: 1, kind: "nan" }] }), style: styleOf({ name: "<b>bold</b>" }) }], { x: "step", smoothing: { kind: "time_ema", amount: 0.5 }, shade: "never", hasRaw: true, isLog: false, ySpan: "auto", isWithoutOutliers: false, range: null });

test("Plotly never gets markup from a name", () => {
  const { data } = plotFigure(FIGURE, PAINT);
  expect(data.map(({ name }) => name).filter(Boolean)).toEqual(["&lt;b&gt;bold&lt;/b&gt;"]);
  expect(escapeHtml(`<a href="x">'&`)).toBe(`&lt;a href="x"&gt;'&amp;`);
});

test("no chart offers to upload itself", () => {
  expect(CONFIG.showSendToCloud).toBe(false);
});

test("the enlarged chart shows the same lines, gaps and marks as the tile", () => {
  const { data, layout } = plotFigure(FIGURE, PAINT);
  const [raw, line, mark] = data;
  expect(raw?.["y"]).toEqual(columnOf([1, null, 3]));
  expect(line?.["y"]).toEqual(FIGURE.lines[0]?.y);
  expect(line?.["connectgaps"]).toBe(false);
  expect(mark?.["x"]).toEqual(columnOf([1]));
  expect(layout["yaxis"]).toMatchObject({ range: [...FIGURE.y], type: "linear" });
});

test("a drag on the enlarged chart is a range of the figure", () => {
  expect(chosenRange(FIGURE, { "xaxis.range[0]": 0.5, "xaxis.range[1]": 1.5 })).toEqual([0.5, 1.5]);
  expect(chosenRange({ ...FIGURE, axis: "relative_time" }, { "xaxis.range[0]": 1, "xaxis.range[1]": 2 })).toEqual([1000, 2000]);
  expect(chosenRange(FIGURE, { autosize: true })).toBeNull();
});

test("the points of a chart are a row each", () => {
  expect(figureAsCsv(FIGURE).split("\n")[0]).toBe("run,run_id,step,x,loss");
  expect(figureAsCsv(FIGURE).split("\n")).toHaveLength(4);
});

test("a log axis has powers of ten, and more between them where they are few", () => {
  expect(logTicks(1e-6, 1, 4)).toEqual([1e-6, 1e-4, 1e-2, 1]);
  expect(logTicks(0.15, 3, 4)).toEqual([0.2, 0.5, 1, 2]);
  expect(logTicks(20.5, 25.2, 4)).toEqual([22, 24]); // less than a factor of two
});

test.each([
  [0, "0"],
  [90_000, "1m30"],
  [7_500_000, "2h05"],
])("%d ms are written %s at a tick", (ms, text) => {
  expect(durationTick(ms)).toBe(text);
});

test("the Python that fetches a version names its alias, and the version itself", () => {
  expect(fetchLines({ model: "digits", version: 2, aliases: ["staging", "production"] })).toContain('tracker.use_model("digits@production")');
  expect(fetchLines({ model: "digits", version: 2, aliases: [] })).toContain('tracker.use_model("digits:v2")');
});

test("a model is called after its artifact as far as names allow", () => {
  expect(modelNameFrom("checkpoints/best model")).toBe("checkpoints-best-model");
  expect(modelNameFrom("_!")).toBe("model");
});

test("a move says what replaced what", () => {
  expect(movedText({ model: "digits", alias: "production", replaced: 1, version: 2 })).toBe("digits production: v1 → v2");
  expect(movedText({ model: "digits", alias: "production", replaced: null, version: 1 })).toBe("digits production: v1");
});

test("a table of versions shows held-out metrics first and nothing of the machine", () => {
  const summary = { count: 1, last: 1, last_step: 0, min: 1, min_step: 0, max: 1, max_step: 0, mean: 1 };
  expect(shownMetrics([{ metrics: { "train/loss": summary, "val/acc": summary, "system/cpu": { ...summary, kind: "system" } } }])).toEqual(["val/acc", "train/loss"]);
});

test("the first lines of Python name this server unless it is the default one", () => {
  expect(firstLines("http://127.0.0.1:8090")).not.toContain("TRACKER_URL");
  expect(firstLines("http://box:9000", 'a "b"')).toContain('os.environ["TRACKER_URL"] = "http://box:9000"');
  expect(firstLines("http://box:9000", 'a "b"')).toContain('project="a \\"b\\""');
});

test("a printed line keeps its colours and loses its control codes", () => {
  const parts = partsOf("\u001b[31mred\u001b[0m <b>plain</b>\u001b[2K");
  expect(parts.map(({ text }) => text).join("")).toBe("red <b>plain</b>");
  expect(parts[0]?.colour).toBe("var(--bad)");
});

test("a progress bar shows what it ended with", () => {
  expect(afterReturns("10 %\r50 %\r100 %")).toBe("100 %");
  expect(partsOf("done\r").map(({ text }) => text)).toEqual(["done"]);
});

test("a config is searched by path and by value, with the way there", () => {
  const tree = treeOf({ model: { layers: 3, name: "cnn" }, lr: 0.1 });
  expect(found(tree, "layers")).toMatchObject([{ name: "model", children: [{ name: "layers" }] }]);
  expect(found(tree, "cnn")).toMatchObject([{ name: "model", children: [{ name: "name" }] }]);
  expect(found(tree, "nowhere")).toEqual([]);
});

test("lists of plain values stay on one line, lists of parts unfold", () => {
  expect(treeOf({ dims: [1, 2] })[0]?.kind).toBe("leaf");
  expect(treeOf({ layers: [{ units: 3 }] })[0]?.kind).toBe("branch");
});

test("a patch is read into files with what was added and removed", () => {
  const [file, ...others] = readPatch("diff --git a/x.py b/x.py\nindex 1..2\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-old\n+new\n+more\n");
  expect(others).toEqual([]);
  expect(file).toMatchObject({ path: "x.py", added: 2, removed: 1 });
  expect(file?.lines.map(({ kind }) => kind)).toEqual(["meta", "meta", "meta", "hunk", "removed", "added", "added"]);
});

test("an environment may lack anything", () => {
  expect(gitOf({})).toBeNull();
  expect(commandOf({})).toBeNull();
  expect(packagesOf({})).toEqual([]);
  expect(otherFacts({ host: "node-07", python: { version: "3.11" }, memory_bytes: 8_000_000_000 })).toEqual([
    ["Host", "node-07"],
    ["Python version", "3.11"],
    ["Memory", "8.0 GB"],
  ]);
});

test("captured files and cells are pieces of source, and no facts", () => {
  const environment = {
    source: { files: [{ path: "new.py", text: "x = 1" }], left_out: [{ path: "big.bin", reason: "it is no text" }], left_out_count: 3 },
    notebook: { path: "a.ipynb", cells: [{ number: 2, text: "run()" }] },
    env: { RANK: "0", CUDA_VISIBLE_DEVICES: "1" },
  };
  expect(sourcesOf(environment)).toEqual([{ name: "new.py", text: "x = 1" }, { name: "a.ipynb, cell 2", text: "run()" }]);
  expect(leftOutOf(environment)).toEqual({ listed: [{ path: "big.bin", reason: "it is no text" }], count: 3 });
  expect(variablesOf(environment)).toEqual([["CUDA_VISIBLE_DEVICES", "1"], ["RANK", "0"]]);
  expect(otherFacts(environment)).toEqual([]);
  expect([sourcesOf({}), variablesOf({}), leftOutOf({}).count]).toEqual([[], [], 0]);
});

test("a command is written as one would type it", () => {
  expect(commandOf({ command: ["python", "train.py", "--name", "a b"] })).toBe("python train.py --name 'a b'");
});

test("the lines for a shell keep odd names of files in one word", () => {
  const lines = curlLines({ files: [{ path: "it's $HOME.pt" }] }, "http://host", (path) => `/files/${encodeURIComponent(path)}`);
  expect(lines).toContain(String.raw`-o 'it'\''s $HOME.pt' 'http://host/files/it'\''s%20%24HOME.pt'`);
  expect(curlLines({ files: Array.from({ length: 7 }, (_, place) => ({ path: String(place) })) }, "", String)).toContain("# and 2 more");
});
