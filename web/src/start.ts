/** The first script of all, and a small one: the frame, the page and its first answers are then under way at once. */

import { addressesFor, askEarly } from "./early";

const { pathname } = location;
// a frame in another page signs nobody in
const isFramed = pathname.startsWith("/embed/");
if (!isFramed) askEarly(addressesFor(pathname));
void import("./main");
if (/^\/p\/[^/]+\/?$/.test(pathname)) void import("./workspace/WorkspacePage");
