/** Rows of the table taken elsewhere: copied, or saved as a file, with the columns that are shown. */

import { type RunRow, api, reasonOf } from "../api";
import { plural } from "../format";
import { toast } from "../frame/Toasts";
import { copyText } from "../parts/clipboard";
import type { Chosen } from "./bulk";
import { type Goals, columnOf } from "./columns";
import type { Criteria } from "./runs";
import { runsAsFilter, tableAsCsv, tableAsJson, tableAsMarkdown } from "./tableText";

export type TextForm = "csv" | "markdown" | "json" | "filter";

type Taken = { project: string; chosen: Chosen; rows: readonly RunRow[]; criteria: Criteria; columns: readonly string[]; goals: Goals };

const PAGE = 1000;
/** As many as one change is made of. */
const MOST_ROWS = 10_000;

export async function copyRows(form: TextForm, taken: Taken): Promise<void> {
  try {
    const rows = await rowsOf(taken);
    await copyText(textOf(form, rows, taken));
    toast({ text: `Copied ${plural(rows.length, "run")} as ${form === "filter" ? "a filter" : form === "csv" ? "CSV" : "Markdown"}` });
  } catch (error) {
    toast({ text: `Not copied: ${reasonOf(error)}`, isBad: true });
  }
}

export async function saveRows(form: TextForm, taken: Taken): Promise<void> {
  try {
    const rows = await rowsOf(taken);
    save(`${taken.project}.${form}`, textOf(form, rows, taken), form === "json" ? "application/json" : "text/csv");
    if (rows.length === MOST_ROWS) toast({ text: `The file has the first ${plural(MOST_ROWS, "run")}; narrow the filter for others` });
  } catch (error) {
    toast({ text: `Not exported: ${reasonOf(error)}`, isBad: true });
  }
}

function textOf(form: TextForm, rows: readonly RunRow[], { columns, goals }: Taken): string {
  const shown = columns.map(columnOf);
  if (form === "filter") return runsAsFilter(rows.map(({ id }) => id));
  return (form === "csv" ? tableAsCsv : form === "json" ? tableAsJson : tableAsMarkdown)(rows, shown, goals);
}

/** Those at hand where they are all; else page by page from the server, in the order of the table. */
async function rowsOf({ project, chosen, rows, criteria }: Taken): Promise<readonly RunRow[]> {
  if (chosen.kind === "runs") {
    const wanted = new Set(chosen.ids);
    return rows.filter(({ id }) => wanted.has(id));
  }
  const found: RunRow[] = [];
  let cursor: string | null = null;
  do {
    const page = await api.searchRuns(project, { ...criteria, limit: PAGE, cursor });
    found.push(...page.runs);
    cursor = page.next_cursor;
  } while (cursor !== null && found.length < MOST_ROWS);
  return found;
}

function save(name: string, text: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
