import { expect, test } from "vitest";
import { formatMeasure, measureTicks } from "../src/charts/units";

test.each([
  ["system/memory.used_bytes", 1_200_000_000, "1.2 GB"],
  ["system/memory.used_bytes", 10_500_000, "10.5 MB"],
  ["system/network.sent_bytes_per_s", 750_000, "750 kB/s"],
  ["system/network.sent_bytes_per_s", 0, "0 B/s"],
  ["system/cpu.percent", 83.25, "83.25 %"],
  ["system/gpu.0/temperature_c", 64, "64 °C"],
  ["system/gpu.0/power_w", 310, "310 W"],
  ["system/gpu.0/power_limit_w", 700, "700 W"],
  ["system/gpu.0/energy_j", 1_250_000, "1.25 MJ"],
  ["system/gpu.0/utilization", 97, "97 %"],
  ["train/megabytes", 12, "12"],
  ["train/loss", 0.78134, "0.7813"],
])("%s of %d reads %s", (metric, value, text) => {
  expect(formatMeasure(metric, value)).toBe(text);
});

test.each([
  ["train/loss", [0.2, 0.4, 0.6], ["0.2", "0.4", "0.6"]],
  ["train/loss", [0.69312, 0.69314, 0.69316], ["0.69312", "0.69314", "0.69316"]],
  ["tokens", [123_456_700, 123_456_800], ["123456700", "123456800"]],
  ["system/memory.used_bytes", [1_200_010_000, 1_200_020_000], ["1.20001 GB", "1.20002 GB"]],
  ["flat", [1, 1], ["1", "1"]],
])("no two ticks of %s read the same", (metric, ticks, texts) => {
  expect(measureTicks(metric, ticks)).toEqual(texts);
});
