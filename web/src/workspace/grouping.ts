/** How runs are put together in groups, and its short form in the address. Pure. */

import { type Search, joinList, readChoice, splitList } from "../address";
import type { Center, Spread } from "../series";
import { own } from "../own";

/** With `except`, runs are together that differ in nothing of their configs but these keys; `by` is empty then. */
export type Grouping = { by: string[]; except: string[] | null; center: Center; spread: Spread; hasMembers: boolean; plus: string[]; minus: string[] };

export const UNGROUPED: Grouping = { by: [], except: null, center: "mean", spread: "std", hasMembers: false, plus: [], minus: [] };

/** What runs can be grouped by beside their config. */
export const GROUP_KEYS: Readonly<Record<string, string>> = { tag: "tag", group: "group", job_type: "job type", status: "status", user: "user", parent: "parent run", name: "name" };
export const MOST_KEYS = 5;

const CENTERS: readonly Center[] = ["mean", "median", "min", "max"];
const SPREADS: readonly Spread[] = ["std", "none", "min_max", "stderr", "ci95"];

export const isGrouped = ({ by, except }: Grouping) => by.length > 0 || except !== null;

export function readGrouping(search: Search): Grouping {
  const except = search["but"];
  return {
    by: except === undefined ? splitList(search["group"]).slice(0, MOST_KEYS) : [],
    except: except === undefined ? null : except === "none" ? [] : splitList(except),
    center: readChoice(search["center"], CENTERS, UNGROUPED.center),
    spread: readChoice(search["spread"], SPREADS, UNGROUPED.spread),
    hasMembers: search["members"] === "1",
    plus: splitList(search["gplus"]),
    minus: splitList(search["gminus"]),
  };
}

export function writeGrouping({ by, except, center, spread, hasMembers, plus, minus }: Grouping): Search {
  return {
    group: joinList(by),
    but: except === null ? undefined : (joinList(except) ?? "none"),
    center: center === UNGROUPED.center ? undefined : center,
    spread: spread === UNGROUPED.spread ? undefined : spread,
    members: hasMembers ? "1" : undefined,
    gplus: joinList(plus),
    gminus: joinList(minus),
  };
}

/** Other keys are other groups: which of them were shown or hidden says nothing of these. */
export const grouped = (now: Grouping, keys: Pick<Grouping, "by" | "except">): Grouping => ({ ...now, ...keys, plus: [], minus: [] });

export const keyLabel = (key: string) => own(GROUP_KEYS, key) ?? key.replace(/^config\./, "");
