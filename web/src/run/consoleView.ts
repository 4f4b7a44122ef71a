/** What of a console is shown and how, and its form in the address. Pure. */

import { type Search, readChoice, readNumber } from "../address";

export const TIMES = ["off", "clock", "since"] as const;
export const STREAMS = ["both", "stdout", "stderr"] as const;

/** `line` is the number of a line, from 1, that the address points at. `process` is null for all of them. */
export type ConsoleView = {
  find: string;
  isPattern: boolean;
  stream: (typeof STREAMS)[number];
  process: string | null;
  times: (typeof TIMES)[number];
  isWrapped: boolean;
  line: number | null;
};

export const readConsoleView = (search: Search): ConsoleView => ({
  find: search["text"] ?? "",
  isPattern: search["regex"] === "1",
  stream: readChoice(search["stream"], STREAMS, "both"),
  process: search["process"] === undefined ? null : search["process"] === MAIN ? "" : search["process"],
  times: readChoice(search["times"], TIMES, "off"),
  isWrapped: search["wrap"] === "1",
  line: search["line"] === undefined ? null : Math.round(readNumber(search["line"], 1, 1, Number.MAX_SAFE_INTEGER)),
});

export const writeConsoleView = ({ find, isPattern, stream, process, times, isWrapped, line }: ConsoleView): Search => ({
  text: find === "" ? undefined : find,
  regex: isPattern ? "1" : undefined,
  stream: stream === "both" ? undefined : stream,
  process: process === null ? undefined : process === "" ? MAIN : process,
  times: times === "off" ? undefined : times,
  wrap: isWrapped ? "1" : undefined,
  line: line === null ? undefined : String(line),
});

/** The process that started the others has no label, and an address no empty value. */
export const MAIN = "main";

/** "+1:02:03.4", how long after the start a line was printed. */
export function formatOffset(ms: number): string {
  const tenths = Math.floor(Math.abs(ms) / 100);
  const seconds = Math.floor(tenths / 10);
  const two = (part: number) => String(part).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return `${ms < 0 ? "−" : "+"}${hours > 0 ? `${String(hours)}:${two(minutes)}` : String(minutes)}:${two(seconds % 60)}.${String(tenths % 10)}`;
}

/** Where `number` stands among ordered numbers, -1 where it does not. O(log n). */
export function placeOf(numbers: readonly number[], number: number): number {
  const at = firstFrom(numbers, number);
  return numbers[at] === number ? at : -1;
}

/** The place of the first of ordered numbers that is not below `number`. O(log n). */
export function firstFrom(numbers: readonly number[], number: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
