import { expect, test } from "vitest";
import { parseSearch, stringifySearch } from "../src/address";
import { readAxis } from "../src/charts/axes";
import { NEWEST_FIRST, SHOWN_AT_FIRST, type View, nextSort, readView, shownIds, toggled, writeView } from "../src/workspace/view";

const roundTrip = (view: View) => readView(parseSearch(stringifySearch(writeView(view))));

test("a fresh view has an empty address", () => {
  expect(stringifySearch(writeView(readView({})))).toBe("");
});

test("a view survives its address", () => {
  const view: View = {
    mode: "table",
    text: "calm & bold",
    filter: "",
    status: ["running", "failed"],
    archived: "only",
    sort: [{ key: "metrics.val/acc.max", is_descending: true }],
    columns: ["config.optim.lr", "metrics.a,b %/c"],
    table: { pinned: ["config.lr"], heat: ["metrics.val/acc"], widths: { name: 300, "config.a:b": 90 } },
    shown: { base: "first", count: 25, plus: ["r1"], minus: ["r2", "r3"] },
    panels: { panels: "bar;value=duration,text;text=a%252Cb", scatter: "x=duration", parallel: "" },
    charts: {
      x: "relative_time",
      smoothing: { kind: "mean", amount: 21 },
      shade: "always",
      hasRaw: false,
      isLog: true,
      ySpan: [0.25, 2],
      isWithoutOutliers: true,
      range: [1000, 2500],
      isSynced: false,
      search: "^val/",
      own: { "a;b,c=%3B": { x: "metric:e;f", range: [0.5, 2], ySpan: "zero", isLog: false } },
    },
    arrangement: { pinned: ["val/acc", "a,b"], order: ["val", ""], names: { "": "All the rest", "train:x": "Training: 100 %" }, folds: ["-train", "+"], added: ["formula:min(a, b)"] },
    grouping: { by: [], except: ["config.seed", "config.a,b"], center: "median", spread: "min_max", hasMembers: true, plus: ['"a,b"'], minus: ["0.1,null"] },
    labels: ["config.optim.lr", "config.a,b"],
  };
  expect(roundTrip(view)).toEqual(view);
});

test("a filter survives its address, and words beside it do not count", () => {
  const filter = 'metrics["val/acc"].max > 0.9 and not archived';
  expect(roundTrip({ ...readView({}), filter }).filter).toBe(filter);
  expect(readView({ filter, q: "heron" }).text).toBe("");
  expect(readView({ filter: " ", q: "heron" })).toMatchObject({ filter: "", text: "heron" });
});

test("an empty choice of columns is not the default choice", () => {
  expect(roundTrip({ ...readView({}), columns: [] }).columns).toEqual([]);
  expect(roundTrip(readView({})).columns).toBeNull();
});

test("a mangled address opens with the defaults", () => {
  const view = readView({ view: "?", smooth: "much", zoom: "9..1", x: "epoch", show: "newest:lots", status: "happy" });
  expect(view).toEqual(readView({}));
});

test("a name with a slash stays readable in the address", () => {
  expect(stringifySearch({ sort: "-metrics.val/acc" })).toBe("?sort=-metrics.val/acc");
});

test("a header sorts downwards, then upwards, then as before", () => {
  const down = nextSort([NEWEST_FIRST], "name");
  const up = nextSort(down, "name");
  expect(down).toEqual([{ key: "name", is_descending: true }]);
  expect(up).toEqual([{ key: "name", is_descending: false }]);
  expect(nextSort(up, "name")).toEqual([NEWEST_FIRST]);
});

test("the charts show the newest runs at first, whatever the list is sorted by", () => {
  expect(shownIds({ ...SHOWN_AT_FIRST, count: 2 }, ["new", "newer", "old"], ["best", "new"])).toEqual(["new", "newer"]);
});

test("hiding one of the newest and showing it again leads back to the start", () => {
  const hidden = toggled(SHOWN_AT_FIRST, "a", true);
  expect(shownIds(hidden, ["a", "b"], [])).toEqual(["b"]);
  expect(toggled(hidden, "a", false)).toEqual(SHOWN_AT_FIRST);
});

test("showing an older run adds it, and hiding it takes it away", () => {
  const more = toggled(SHOWN_AT_FIRST, "old", false);
  expect(shownIds(more, ["a"], [])).toEqual(["a", "old"]);
  expect(shownIds(toggled(more, "old", true), ["a"], [])).toEqual(["a"]);
});

test.each([
  ["time", "time"],
  ["metric:train/epoch", "metric:train/epoch"],
  ["metric:", "step"],
  ["epoch", "step"],
  [undefined, "step"],
])("the x axis %s of an address is %s", (text, axis) => {
  expect(readAxis(text)).toBe(axis);
});
