/** Some values of very many runs, as the page has them: columns as long as there are runs, the newest run first. */

import type { components } from "./schema";

type Schemas = components["schemas"];

/** Where a run has no number it is NaN, and where it has no text its code is -1. */
export type RunColumn = Omit<Schemas["RunColumn"], "numbers" | "codes"> & { numbers: Float64Array; codes: Int32Array };
export type RunColumns = Omit<Schemas["RunColumns"], "columns"> & { columns: RunColumn[] };

/** As it comes: numbers and codes are bytes. */
export type PackedRunColumns = Omit<Schemas["RunColumns"], "columns"> & { columns: (Omit<Schemas["RunColumn"], "numbers" | "codes"> & { numbers: Uint8Array; codes: Uint8Array })[] };

export const runColumnsOf = (packed: PackedRunColumns): RunColumns => ({
  ...packed,
  columns: packed.columns.map((column) => ({ ...column, numbers: new Float64Array(column.numbers.slice().buffer), codes: new Int32Array(column.codes.slice().buffer) })),
});
