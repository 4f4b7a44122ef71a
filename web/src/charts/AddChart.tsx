/** The menu that puts another chart above those of single metrics; in a workspace it may be a panel of all its runs. */

import { plural } from "../format";
import { type Adding, panelEntries } from "../panels/adding";
import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import { MOST_ADDED } from "./arrangement";
import { type Draft, NEW_FORMULA, NEW_SEVERAL } from "./made";

type Props = { isFull: boolean; onMake: (draft: Draft) => void; panels: Adding | null };

export function AddChart({ isFull, onMake, panels }: Props) {
  const charts: MenuEntry[] = isFull
    ? [{ kind: "heading", label: `A view has at most ${plural(MOST_ADDED, "added chart")}` }]
    : [
        { kind: "do", label: "Formula…", onSelect: () => { onMake(NEW_FORMULA); } },
        { kind: "do", label: "Several metrics…", onSelect: () => { onMake(NEW_SEVERAL); } },
      ];
  return (
    <Menu label="Add chart" entries={[...charts, ...(panels === null ? [] : panelEntries(panels))]}>
      <Icon name="plus" size={14} /> Chart
    </Menu>
  );
}
