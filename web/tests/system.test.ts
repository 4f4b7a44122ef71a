import { expect, test } from "vitest";
import type { ChartView } from "../src/charts/figure";
import { panelsOf } from "../src/run/devices";
import { remarksOn } from "../src/run/standingOut";
import { deviceFigure, heatMap, meanFigure } from "../src/run/systemFigure";
import { readSystemView, writeSystemView } from "../src/run/systemView";
import { seriesOf } from "./series";

const VIEW: ChartView = { x: "relative_time", smoothing: { kind: "time_ema", amount: 0 }, shade: "never", hasRaw: true, isLog: false, ySpan: "auto", isWithoutOutliers: false, range: null };

const readingsOf = (byMetric: Record<string, (number | null)[]>) => new Map(Object.entries(byMetric).map(([metric, values]) => [metric, [seriesOf({ metric, values })]]));

const loads = (byMetric: Record<string, (number | null)[]>) => {
  const readings = readingsOf(byMetric);
  const panel = panelsOf([...readings.keys()])[0]?.panels[0] ?? { name: "", title: "", members: [] };
  return deviceFigure(panel, readings, VIEW, false);
};

test("one panel holds what all devices read of a kind, in the order of their numbers", () => {
  const [gpus] = panelsOf(["system/gpu.10/utilization", "system/gpu.2/utilization", "system/gpu.2/power_w"]);
  expect(gpus?.panels.map(({ name }) => name)).toEqual(["system/gpu/utilization", "system/gpu/power_w"]);
  expect(gpus?.panels[0]?.members.map(({ device }) => device)).toEqual(["GPU 2", "GPU 10"]);
});

test("both ways of a disk or a network are one panel, and cores are devices", () => {
  const [host] = panelsOf(["system/disk.read_bytes_per_s", "system/disk.written_bytes_per_s", "system/cpu/core.3.percent", "system/cpu.percent"]);
  expect(host?.panels.map(({ name, members }) => [name, members.map(({ device }) => device)])).toEqual([
    ["system/cpu.percent", [""]],
    ["system/disk.bytes_per_s", ["read", "written"]],
    ["system/cpu/core.percent", ["core 3"]],
  ]);
});

test("what is no reading of the machine as we know it is shown all the same", () => {
  expect(panelsOf(["system/neural_engine.power_w"]).map(({ name }) => name)).toEqual(["Other"]);
});

test("a map has a row for each device and no colour where nothing was read", () => {
  const map = heatMap(loads({ "system/gpu.0/utilization": [0, 50, 100], "system/gpu.1/utilization": [100, null, null] }));
  expect(map.names).toEqual(["GPU 0", "GPU 1"]);
  expect([map.low, map.high]).toEqual([0, 100]);
  expect(map.rows[0]?.at(-1)).toBe(100);
  expect(map.rows[1]?.[0]).toBe(100);
});

test("the mean is of the devices that were read at that moment", () => {
  const [line] = meanFigure(loads({ "system/gpu.0/utilization": [0, 50, 100], "system/gpu.1/utilization": [100, 50, 50] })).lines;
  expect([...(line?.y ?? [])]).toEqual([50, 50, 75]);
  expect(line?.name).toBe("mean of 2");
});

test("a device that waits is told, with what may keep it waiting", () => {
  const remarks = remarksOn(readingsOf({ "system/gpu.0/utilization": [90, 90, 90, 90, 90], "system/gpu.1/utilization": [1, 90, 1, 90, 90], "system/cpu.percent": [99, 10, 99, 10, 10] }));
  expect(remarks).toEqual([{ text: "GPU 1 idle 50 % of the time; the CPU was at 99 % meanwhile, so data loading may be what it waits for", panel: "system/gpu/utilization" }]);
});

test("a machine that does well has no remarks", () => {
  expect(remarksOn(readingsOf({ "system/gpu.0/utilization": [90, 90, 90], "system/gpu.0/temperature_c": [60, 61, 60], "system/memory.percent": [40, 40, 40] }))).toEqual([]);
});

test("heat, and memory that is nearly full, are told with the worst device", () => {
  const texts = remarksOn(readingsOf({ "system/gpu.0/temperature_c": [60, 92, 60], "system/gpu.1/temperature_c": [60, 89, 60], "system/memory.percent": [97, 97, 97] })).map(({ text }) => text);
  expect(texts).toEqual(["GPU 0 is hot: up to 92 °C, and 1 more", "The host’s memory is nearly full: up to 97 %"]);
});

test("how readings are shown stands in the address, defaults do not", () => {
  expect(writeSystemView({ devices: "auto", beside: null })).toEqual({ devices: undefined, beside: undefined });
  expect(readSystemView({ devices: "mean", beside: "loss" })).toEqual({ devices: "mean", beside: "loss" });
  expect(readSystemView({ devices: "nonsense" })).toEqual({ devices: "auto", beside: null });
});
