/** The view of who has not asked for another: the one seen last, or else the defaults and what the settings say to start with. */

import type { Search } from "../address";
import { lastView, startingAxis, startingSmoothing } from "../settings";

export const startingView = (): Search => ({ x: startingAxis.get() === "step" ? undefined : startingAxis.get(), smooth: startingSmoothing.get() === "" ? undefined : startingSmoothing.get() });

/** Whether an address asks for no view. */
export const isBare = (search: Search): boolean => Object.values(search).every((value) => value === undefined || value === "");

export function startingSearch(project: string): Search {
  const last = lastView(project).get();
  return isBare(last) ? startingView() : last;
}
