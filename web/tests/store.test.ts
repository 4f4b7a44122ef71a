import { expect, test } from "vitest";
import type { SeriesRequest } from "../src/api";
import { type Framing, SeriesStore } from "../src/charts/store";
import type { SeriesColumns } from "../src/series";
import { columnOf, seriesOf } from "./series";

const FRAMING: Framing = { x: "step", range: null, points: 400, smoothing: null, band: false };

/** A server that answers when the test says so. */
function fakeServer() {
  const requests: SeriesRequest[] = [];
  const answers: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const frames: (() => void)[] = [];
  const store = new SeriesStore(
    (request) => {
      requests.push(request);
      return new Promise<SeriesColumns[]>((resolve, reject) => {
        const series = request.runs.flatMap((run) => request.metrics.map((metric) => seriesOf({ id: idOf(run, metric), run, metric, values: [1, 2, 3], shape: { smoothing: request.smoothing ?? null, band: request.band === true } })));
        answers.push({ resolve: () => { resolve(series); }, reject });
      });
    },
    FRAMING,
    (run) => frames.push(run),
  );
  const nextFrame = () => { frames.splice(0).forEach((run) => { run(); }); };
  const settle = async () => {
    answers.splice(0).forEach(({ resolve }) => { resolve(); });
    await handled();
  };
  return { store, requests, answers, nextFrame, settle };
}

const idOf = (run: string, metric: string) => run.charCodeAt(0) * 100 + metric.length;
const nothing = () => undefined;
/** All that a settled promise sets off has happened after it. */
const handled = () => new Promise<void>((resolve) => void setImmediate(resolve));

test("tiles of one frame are asked for in one request", () => {
  const { store, requests, nextFrame } = fakeServer();
  store.show(["a", "b"]);
  store.watch("loss", nothing);
  store.watch("accuracy", nothing);
  nextFrame();
  expect(requests).toHaveLength(1);
  expect(requests[0]).toMatchObject({ runs: ["a", "b"], metrics: ["loss", "accuracy"], points: 400 });
});

test("what is here is not asked for again", async () => {
  const { store, requests, nextFrame, settle } = fakeServer();
  store.show(["a"]);
  const stop = store.watch("loss", nothing);
  nextFrame();
  await settle();
  stop();
  store.watch("loss", nothing);
  store.show(["a", "b"]);
  nextFrame();
  expect(requests.map(({ runs }) => runs)).toEqual([["a"], ["b"]]);
});

test("a hidden run leaves the charts at once and comes back without a request", async () => {
  const { store, requests, nextFrame, settle } = fakeServer();
  store.show(["a", "b"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  store.show(["b"]);
  expect(store.state("loss").series.map(({ run }) => run)).toEqual(["b"]);
  store.show(["a", "b"]);
  nextFrame();
  expect(requests).toHaveLength(1);
});

test("the state is the same object until something changes", async () => {
  const { store, nextFrame, settle } = fakeServer();
  store.show(["a"]);
  store.watch("loss", nothing);
  const before = store.state("loss");
  expect(store.state("loss")).toBe(before);
  nextFrame();
  await settle();
  expect(store.state("loss")).not.toBe(before);
});

test("the live request says how far each series is known", async () => {
  const { store, nextFrame, settle } = fakeServer();
  store.show(["a", "b"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  expect(store.watching(["b"])).toMatchObject({ runs: ["b"], metrics: ["loss"], counts: { [idOf("b", "loss")]: 3 } });
});

test("a delta is put behind what is there", async () => {
  const { store, nextFrame, settle } = fakeServer();
  store.show(["a"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  store.merge({ series: [seriesOf({ id: idOf("a", "loss"), x: [3, 4], values: [4, 5], count: 5, is_delta: true })] }, FRAMING);
  const [series] = store.state("loss").series;
  expect(series?.values).toEqual(columnOf([1, 2, 3, 4, 5]));
  expect(series?.count).toBe(5);
});

test("a series that is sent whole replaces the old one", async () => {
  const { store, nextFrame, settle } = fakeServer();
  store.show(["a"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  store.merge({ series: [seriesOf({ id: idOf("a", "loss"), values: [7] })] }, FRAMING);
  expect(store.state("loss").series[0]?.values).toEqual(columnOf([7]));
});

test("a live answer for a view that was left is ignored", async () => {
  const { store, nextFrame, settle } = fakeServer();
  store.show(["a"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  store.merge({ series: [seriesOf({ id: idOf("a", "loss"), values: [7] })] }, { ...FRAMING, range: [0, 1] });
  expect(store.state("loss").series[0]?.values).toEqual(columnOf([1, 2, 3]));
});

test("a zoom shows the points at hand until finer ones come, and zooming out needs no request", async () => {
  const { store, requests, nextFrame, settle } = fakeServer();
  store.show(["a"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  store.frame({ ...FRAMING, range: [1, 2] });
  expect(store.state("loss").series).toHaveLength(1);
  nextFrame();
  expect(requests[1]?.range).toEqual([1, 2]);
  await settle();
  store.frame(FRAMING);
  nextFrame();
  expect(requests).toHaveLength(2);
  expect(store.state("loss").isLoading).toBe(false);
});

test("a failure is told, and asked for again on request", async () => {
  const { store, requests, answers, nextFrame } = fakeServer();
  store.show(["a"]);
  store.watch("loss", nothing);
  nextFrame();
  answers.splice(0).forEach(({ reject }) => { reject(new Error("The server cannot be reached.")); });
  await handled();
  expect(store.state("loss").error).toBe("The server cannot be reached.");
  store.retry("loss");
  nextFrame();
  expect(requests).toHaveLength(2);
});

test("a run whose points are others now is fetched again, and no other run is", async () => {
  const { store, requests, nextFrame, settle } = fakeServer();
  store.show(["a", "b"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  store.forget("a");
  nextFrame();
  expect(requests.at(-1)).toMatchObject({ runs: ["a"], metrics: ["loss"] });
});

test("when a new series takes the place of one at hand, both are fetched again", async () => {
  const { store, requests, nextFrame, settle } = fakeServer();
  store.show(["a"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  const resumed = seriesOf({ id: 9999, run: "a", metric: "loss", values: [1] });
  store.merge({ series: [resumed] }, FRAMING);
  nextFrame();
  expect(requests).toHaveLength(2);
  await settle();
  expect(store.state("loss").series.map(({ id }) => id)).toEqual([idOf("a", "loss")]);
});

test("where all that was at hand has been superseded, it is fetched again", async () => {
  const { store, requests, nextFrame, settle } = fakeServer();
  store.show(["a"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  store.merge({ series: [seriesOf({ id: 9999, run: "a", metric: "loss", segment: 1, values: [1] })] }, FRAMING);
  nextFrame();
  expect(requests).toHaveLength(2);
});

test("a parallel writer that joins is added", async () => {
  const { store, requests, nextFrame, settle } = fakeServer();
  store.show(["a"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  store.merge({ series: [seriesOf({ id: 9999, run: "a", metric: "loss", label: "rank1", values: [1] })] }, FRAMING);
  nextFrame();
  expect(requests).toHaveLength(1);
  expect(store.state("loss").series.map(({ label }) => label)).toEqual(["", "rank1"]);
});

const SMOOTHED: Framing = { ...FRAMING, smoothing: { kind: "mean", amount: 11 } };

test("lines that are smoothed otherwise stay until the new ones come", async () => {
  const { store, requests, nextFrame, settle } = fakeServer();
  store.show(["a"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  store.frame(SMOOTHED);
  nextFrame();
  expect(requests.at(-1)?.smoothing).toEqual(SMOOTHED.smoothing);
  expect(store.state("loss").series[0]?.shape.smoothing).toBeNull();
  await settle();
  expect(store.state("loss").series[0]?.shape.smoothing).toEqual(SMOOTHED.smoothing);
});

test("lines that are no longer smoothed need no request", async () => {
  const { store, requests, nextFrame, settle } = fakeServer();
  store.frame(SMOOTHED);
  store.show(["a"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  store.frame(FRAMING);
  nextFrame();
  expect(requests).toHaveLength(1);
});

test("a slider that moves on gives up what was asked for before, and keeps what is there", async () => {
  const { store, requests, answers, nextFrame, settle } = fakeServer();
  store.show(["a"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  store.frame(SMOOTHED);
  nextFrame();
  const late = answers.splice(0);
  store.frame({ ...SMOOTHED, smoothing: { kind: "mean", amount: 21 } });
  nextFrame();
  late.forEach(({ resolve }) => { resolve(); });
  await handled();
  expect(store.state("loss").series[0]?.shape.smoothing).toBeNull();
  await settle();
  expect(requests).toHaveLength(3);
  expect(store.state("loss").series[0]?.shape.smoothing?.amount).toBe(21);
});

test("smoothing that fails leaves the lines, says so, and is asked for again on request", async () => {
  const { store, requests, answers, nextFrame, settle } = fakeServer();
  store.show(["a"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  store.frame(SMOOTHED);
  nextFrame();
  answers.splice(0).forEach(({ reject }) => { reject(new Error("The server cannot be reached.")); });
  await handled();
  expect(store.state("loss")).toMatchObject({ error: "The server cannot be reached." });
  expect(store.state("loss").series).toHaveLength(1);
  store.retry("loss");
  nextFrame();
  expect(requests).toHaveLength(3);
});

test("what was smoothed otherwise while one is zoomed is asked for when one zooms out", async () => {
  const { store, requests, nextFrame, settle } = fakeServer();
  store.show(["a"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  store.frame({ ...SMOOTHED, range: [1, 2] });
  nextFrame();
  await settle();
  store.frame(SMOOTHED);
  expect(store.state("loss").series).toHaveLength(1);
  nextFrame();
  expect(requests.map(({ range, smoothing }) => [range, smoothing?.amount])).toEqual([[null, undefined], [[1, 2], 11], [null, 11]]);
});

test("after a correction everything is asked for again, and what is here stays until it comes", async () => {
  const { store, requests, nextFrame, settle } = fakeServer();
  store.show(["a"]);
  store.watch("loss", nothing);
  nextFrame();
  await settle();
  store.refresh();
  expect(store.state("loss").series).toHaveLength(1);
  nextFrame();
  expect(requests).toHaveLength(2);
});
