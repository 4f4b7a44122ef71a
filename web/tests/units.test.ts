import { expect, test } from "vitest";
import { formatMeasure } from "../src/charts/units";

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
