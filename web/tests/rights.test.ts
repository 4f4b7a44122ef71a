import { expect, test } from "vitest";
import { reasonAgainst } from "../src/rights";

test("a role includes those before it", () => {
  expect(reasonAgainst("admin", "editor")).toBeUndefined();
  expect(reasonAgainst("editor", "editor")).toBeUndefined();
});

test("who has too little is told what they are and what it takes", () => {
  expect(reasonAgainst("viewer", "editor")).toBe("You are a viewer of this project; an editor may do this.");
  expect(reasonAgainst("editor", "admin")).toBe("You are an editor of this project; an admin may do this.");
});

test("what is not known is left to the server", () => {
  expect(reasonAgainst(null, "admin")).toBeUndefined();
});
