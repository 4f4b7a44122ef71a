/** A panel among the charts, with what can be done to it. */

import { useState } from "react";
import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import { PanelContent } from "./PanelContent";
import styles from "./panels.module.css";
import type { Place } from "./place";
import { KINDS, type Panel } from "./state";

type Props = { panel: Panel; place: Place; onChange: (panel: Panel) => void; onMove: { earlier: (() => void) | null; later: (() => void) | null }; onRemove: () => void };

export function PanelCard({ panel, place, onChange, onMove, onRemove }: Props) {
  const [isEditing, setIsEditing] = useState(panel.kind === "text" && panel.text === "");
  const label = KINDS.find(([kind]) => kind === panel.kind)?.[1] ?? "";
  const entries: MenuEntry[] = [
    ...(onMove.earlier === null ? [] : [{ kind: "do" as const, label: "Move up", onSelect: onMove.earlier }]),
    ...(onMove.later === null ? [] : [{ kind: "do" as const, label: "Move down", onSelect: onMove.later }]),
    { kind: "do", label: "Remove", onSelect: onRemove },
  ];
  return (
    <section className={styles["card"]} aria-label={label} data-kind={panel.kind}>
      <header>
        <h3>{label}</h3>
        <button type="button" data-look="icon" aria-pressed={isEditing} aria-label={`Edit ${label}`} title="Edit" onClick={() => { setIsEditing(!isEditing); }}>
          <Icon name="sliders" size={14} />
        </button>
        <Menu label={`More for ${label}`} look="icon" entries={entries}>
          <Icon name="more" size={14} />
        </Menu>
      </header>
      <PanelContent {...{ panel, place, isEditing, onChange }} />
    </section>
  );
}
