/** How a view with other panels is made. */

import type { Change } from "../workspace/useView";
import { readPanelTexts } from "./inView";
import { type Panels, readPanels, writePanels } from "./state";

export function changePanels(change: Change, update: (now: Panels) => Partial<Panels>): void {
  change((now) => {
    const panels = readPanels(now.panels);
    return { ...now, panels: readPanelTexts(writePanels({ ...panels, ...update(panels) })) };
  });
}
