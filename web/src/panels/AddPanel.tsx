/** The menu that puts another panel among the charts of a view. */

import { plural } from "../format";
import { Icon } from "../parts/Icon";
import { Menu } from "../parts/Menu";
import type { Change } from "../workspace/useView";
import { KINDS, MOST_PANELS, type Panels, newPanel } from "./state";

export function AddPanel({ panels, change }: { panels: Panels; change: Change }) {
  const isFull = panels.list.length >= MOST_PANELS;
  return (
    <Menu
      label="Add panel"
      entries={isFull ? [{ kind: "heading", label: `A view has at most ${plural(MOST_PANELS, "panel")}` }] : KINDS.map(([kind, label]) => ({ kind: "do", label, onSelect: () => { change((now) => ({ ...now, panels: { ...now.panels, list: [...now.panels.list, newPanel(kind)] } })); } }))}
    >
      <Icon name="plus" size={14} /> Panel
    </Menu>
  );
}
