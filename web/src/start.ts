/** The first script of all, and a small one: the frame, the page and its first answers are then under way at once. */

import { addressesFor, askEarly, projectAt } from "./early";
import { stored } from "./stored";

const { pathname, search } = location;
const isFramed = pathname.startsWith("/embed/");
const project = projectAt(pathname);
const theme = stored("theme");
const isDark = theme === "dark" || (theme !== "light" && window.matchMedia("(prefers-color-scheme: dark)").matches);

// the outlines are of the colours that the page will have; charts in another page have no bar
document.documentElement.dataset["theme"] = isDark ? "dark" : "light";
if (isFramed) document.querySelector(".shell")?.remove();
else askEarly(addressesFor(pathname));
void import("./main");
if (project !== null) void import("./workspace/opening").then(({ askForRuns }) => askForRuns(project, search));
