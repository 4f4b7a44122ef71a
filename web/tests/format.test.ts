import { expect, test } from "vitest";
import { formatAgo, formatAtLeast, formatBytes, formatChange, formatDuration, formatNumber, formatSi, formatValue } from "../src/format";

test.each([
  [0, "0"],
  [0.78134, "0.7813"],
  [-0.5, "−0.5"],
  [1234, "1,234"],
  [3e-4, "3e-4"],
  [123456.7, "1.235e5"],
  [2 ** 60, "1.153e18"],
  [NaN, "NaN"],
  [-Infinity, "−∞"],
])("the number %d is written %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  [12_000, "12k"],
  [1_500_000, "1.5M"],
  [950, "950"],
])("the step %d is written %s at a tick", (value, text) => {
  expect(formatSi(value)).toBe(text);
});

test.each([
  [820, "820 ms"],
  [2500, "2.5 s"],
  [41_000, "41 s"],
  [200_000, "3 min 20 s"],
  [8_040_000, "2 h 14 min"],
  [172_800_000, "2 d"],
])("%d ms are written %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [98_000_000, "98 MB"],
  [4_900, "4.9 kB"],
])("%d bytes are written %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [1_200_000_000, 0, "1.2 GB"],
  [1_200_000_000, 2, "≥ 1.2 GB"],
  [0, 0, "0 B"],
  [0, 3, "unknown"],
])("%d bytes and %d files of unknown size are written %s", (bytes, unsized, text) => {
  expect(formatAtLeast(bytes, unsized)).toBe(text);
});

test.each([
  [0.012, "+1.2 %"],
  [-0.003, "−0.3 %"],
  [0, "="],
  [1e-7, "≈"],
  [2, "+200 %"],
  [11.8, "×12.8"],
])("a change by %d is written %s", (relative, text) => {
  expect(formatChange(relative)).toBe(text);
});

test("a moment is told by its distance, coarser as it gets older", () => {
  const now = 1_700_000_000_000;
  expect(formatAgo(now - 2000, now)).toBe("just now");
  expect(formatAgo(now - 240_000, now)).toBe("4 min ago");
  expect(formatAgo(now - 3 * 86_400_000, now)).toBe("3 d ago");
});

test("null, text and lists are told apart", () => {
  expect([null, "null", true, [1, "a"]].map(formatValue)).toEqual(["null", "null", "true", '[1,"a"]']);
});
