/** How the charts draw groups: what stands for the runs at each x, how far the band reaches, and the runs themselves. */

import { Menu, type MenuEntry } from "../parts/Menu";
import type { Center, Spread } from "../series";
import type { GroupChange } from "./GroupButton";
import type { Grouping } from "./grouping";

const CENTERS: readonly [Center, string][] = [
  ["mean", "mean"],
  ["median", "median"],
  ["min", "least"],
  ["max", "greatest"],
];

const SPREADS: readonly [Spread, string, string][] = [
  ["none", "none", ""],
  ["min_max", "least to greatest", "least to greatest"],
  ["std", "± standard deviation", "± std"],
  ["stderr", "± standard error", "± error"],
  ["ci95", "95 % interval", "95 %"],
];

export function GroupTools({ grouping, onChange }: { grouping: Grouping; onChange: GroupChange }) {
  const set = (change: Partial<Grouping>) => () => { onChange((now) => ({ ...now, ...change })); };
  const center = CENTERS.find(([one]) => one === grouping.center)?.[1] ?? "";
  const spread = SPREADS.find(([one]) => one === grouping.spread)?.[2] ?? "";
  const entries: MenuEntry[] = [
    { kind: "heading", label: "Line of a group" },
    ...CENTERS.map(([one, label]): MenuEntry => ({ kind: "choice", label, isChosen: grouping.center === one, onSelect: set({ center: one }) })),
    { kind: "line" },
    { kind: "heading", label: "Band around it" },
    ...SPREADS.map(([one, label]): MenuEntry => ({ kind: "choice", label, isChosen: grouping.spread === one, onSelect: set({ spread: one }) })),
    { kind: "line" },
    { kind: "choice", label: "Single runs, faintly behind", isChosen: grouping.hasMembers, onSelect: set({ hasMembers: !grouping.hasMembers }) },
  ];
  return <Menu label={`Groups are drawn as ${center} ${spread}`.trim()} entries={entries}>{`${center} ${spread}`.trim()}</Menu>;
}
