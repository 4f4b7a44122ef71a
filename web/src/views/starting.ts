/** The view of who has not chosen another: the defaults, but for what the settings say to start with. */

import type { Search } from "../address";
import { startingAxis, startingSmoothing } from "../settings";

export const startingView = (): Search => ({ x: startingAxis.get() === "step" ? undefined : startingAxis.get(), smooth: startingSmoothing.get() === "" ? undefined : startingSmoothing.get() });
