import { expect, test } from "vitest";
import { firstFrom, formatOffset, placeOf, readConsoleView, writeConsoleView } from "../src/run/consoleView";

test("a view of a console goes into the address and comes back", () => {
  const search = { text: "^loss", regex: "1", stream: "stderr", process: "main", times: "since", wrap: "1", line: "4120" };
  expect(writeConsoleView(readConsoleView(search))).toEqual(search);
  expect(readConsoleView(search)).toMatchObject({ process: "", line: 4120, isWrapped: true });
});

test("a console as it is at first needs no words in the address", () => {
  expect(Object.values(writeConsoleView(readConsoleView({})))).toEqual(Array(7).fill(undefined));
});

test.each([[{ stream: "stdin" }, "stream"], [{ times: "moon" }, "times"]] as const)("an address that was mangled still opens: %o", (search, field) => {
  expect(readConsoleView(search)[field]).toBe(readConsoleView({})[field]);
});

test.each([[0, "+0:00.0"], [83_450, "+1:23.4"], [3_723_400, "+1:02:03.4"], [-1_500, "−0:01.5"]])("%d ms after the start reads %s", (ms, text) => {
  expect(formatOffset(ms)).toBe(text);
});

test("a number is found among ordered ones, or the one after it", () => {
  expect([placeOf([2, 5, 9], 5), placeOf([2, 5, 9], 6), placeOf([], 1)]).toEqual([1, -1, -1]);
  expect([firstFrom([2, 5, 9], 0), firstFrom([2, 5, 9], 6), firstFrom([2, 5, 9], 10)]).toEqual([0, 2, 3]);
});
