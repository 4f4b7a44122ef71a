/** What puts another panel above the charts of a view, as entries of a menu. */

import { plural } from "../format";
import type { MenuEntry } from "../parts/Menu";
import type { Change } from "../workspace/useView";
import { changePanels } from "./change";
import type { PanelTexts } from "./inView";
import { KINDS, MOST_PANELS, newPanel, readPanels } from "./state";

export type Adding = { panels: PanelTexts; change: Change };

export function panelEntries({ panels, change }: Adding): MenuEntry[] {
  if (readPanels(panels).list.length >= MOST_PANELS) return [{ kind: "heading", label: `A view has at most ${plural(MOST_PANELS, "panel")}` }];
  return [
    { kind: "heading", label: "Of all runs" },
    ...KINDS.map(([kind, label]): MenuEntry => ({ kind: "do", label, onSelect: () => { changePanels(change, ({ list }) => ({ list: [...list, newPanel(kind)] })); } })),
  ];
}
