import { expect, test } from "vitest";
import { modelChange, versionChange } from "../src/models/changes";

const entry = (...changes: { field: string; before: unknown; after: unknown }[]) => ({ changes });

test("changes of fields are named", () => {
  expect(modelChange(entry({ field: "description", before: "", after: "x" }, { field: "tags", before: [], after: ["a"] }))).toBe("changed the description and the tags of");
  expect(versionChange(entry({ field: "main_metric", before: null, after: "acc" }))).toBe("changed the main metric of");
  expect(versionChange({})).toBe("changed");
});

test("archiving and deprecating have words of their own", () => {
  expect(modelChange(entry({ field: "is_archived", before: false, after: true }))).toBe("archived");
  expect(modelChange(entry({ field: "is_archived", before: true, after: false }))).toBe("took out of the archive");
  expect(versionChange(entry({ field: "state", before: "active", after: "deprecated" }))).toBe("deprecated");
});
