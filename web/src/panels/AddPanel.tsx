/** The menu that puts another panel among the charts of a view. */

import { plural } from "../format";
import { Icon } from "../parts/Icon";
import { Menu } from "../parts/Menu";
import type { Change } from "../workspace/useView";
import { changePanels } from "./change";
import type { PanelTexts } from "./inView";
import { KINDS, MOST_PANELS, newPanel, readPanels } from "./state";

export function AddPanel({ panels, change }: { panels: PanelTexts; change: Change }) {
  const isFull = readPanels(panels).list.length >= MOST_PANELS;
  return (
    <Menu
      label="Add panel"
      entries={isFull ? [{ kind: "heading", label: `A view has at most ${plural(MOST_PANELS, "panel")}` }] : KINDS.map(([kind, label]) => ({ kind: "do", label, onSelect: () => { changePanels(change, ({ list }) => ({ list: [...list, newPanel(kind)] })); } }))}
    >
      <Icon name="plus" size={14} /> Panel
    </Menu>
  );
}
