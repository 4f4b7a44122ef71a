/** Which runs the charts show, by the eye in the head of the list. */

import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import type { RunList } from "./runs";
import { SHOWN_AT_FIRST, type Shown } from "./view";

/** No tile draws more lines. */
const MOST_SHOWN = 100;
const COUNTS = [10, 25, MOST_SHOWN] as const;

type Props = { runs: RunList; selected: ReadonlySet<string>; onShown: (shown: Shown) => void };

export function ShownMenu({ runs, selected, onShown }: Props) {
  const only = (base: Shown["base"], count: number, plus: string[] = []) => () => { onShown({ base, count, plus, minus: [] }); };
  const entries: MenuEntry[] = [
    { kind: "heading", label: "Show in the charts" },
    ...COUNTS.map((count): MenuEntry => ({ kind: "do", label: `Newest ${String(count)}`, onSelect: only("newest", count) })),
    { kind: "line" },
    ...COUNTS.map((count): MenuEntry => ({ kind: "do", label: `First ${String(count)} of this sort`, onSelect: only("first", count) })),
    { kind: "line" },
    ...(selected.size > 0 ? [{ kind: "do" as const, label: `Selected (${String(selected.size)})`, onSelect: only("none", SHOWN_AT_FIRST.count, [...selected].slice(0, MOST_SHOWN)) }] : []),
    { kind: "do", label: runs.matched > MOST_SHOWN ? `All, as far as charts can (${String(MOST_SHOWN)})` : "All", onSelect: only("first", MOST_SHOWN) },
    { kind: "do", label: "None", onSelect: only("none", SHOWN_AT_FIRST.count) },
  ];
  return (
    <Menu label="Which runs the charts show" look="icon" entries={entries}>
      <Icon name="eye" size={14} />
    </Menu>
  );
}
