import { expect, test } from "vitest";
import { own } from "../src/own";
import { keyLabel } from "../src/workspace/grouping";

test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("%s is a name like any other", (name) => {
  expect(own({ known: 1 }, name)).toBeUndefined();
  expect(own(JSON.parse(`{"${name}": 1}`) as Record<string, number>, name)).toBe(1);
  expect(keyLabel(name)).toBe(name);
});
