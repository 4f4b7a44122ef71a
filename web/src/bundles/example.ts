/** The inputs that are stored with a bundle, where they are short enough to be fetched for a page. */

import type { BundleField, Manifest, ModelVersionDetail } from "../api";
import { queries } from "../queries";
import { blankOf } from "./inputs";

const MOST_BYTES = 1_000_000;

/** Asks nothing where there is none, or one that is longer. */
export function exampleQuery(version: Pick<ModelVersionDetail, "artifact_version_id" | "files">, { example }: Pick<Manifest, "example">) {
  const path = example?.input ?? "";
  const size = version.files.find((file) => file.path === path)?.size_bytes ?? Infinity;
  return { ...queries.storedJson(version.artifact_version_id, path), enabled: path !== "" && size <= MOST_BYTES };
}

/** A value for each field in one line, as JSON: that of the example, or zeros, or a mark where both are long. */
export function briefInputs(fields: readonly BundleField[], example: unknown): [name: string, json: string][] {
  const values = new Map(typeof example === "object" && example !== null ? Object.entries(example) : []);
  return fields.map((field) => {
    const stored: unknown = values.get(field.name);
    const blank = blankOf(field);
    const texts = [stored === undefined ? "" : JSON.stringify(stored), blank === "" && (field.shape ?? []).length === 0 ? '""' : blank];
    return [field.name, texts.find((text) => text !== "" && text.length <= MOST_VALUE) ?? "[…]"];
  });
}

/** A longer value makes a line that nobody reads. */
const MOST_VALUE = 60;
