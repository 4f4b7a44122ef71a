/** The ten hues to choose the colour of a run from, beside its swatch. */

import * as Ariakit from "@ariakit/react";
import type { RunRow } from "../api";
import { HUES } from "../charts/colours";
import menu from "../parts/Menu.module.css";
import { Swatch } from "../parts/Run";
import styles from "./HueMenu.module.css";
import { chooseHue } from "./chooseHue";

type Props = { row: RunRow; anchor: HTMLElement; onClose: () => void };

/** It opens by itself, so that no button of its own hands it the focus. */
const focus = (element: HTMLElement | null) => { requestAnimationFrame(() => { element?.focus(); }); };

export function HueMenu({ row, anchor, onClose }: Props) {
  const store = Ariakit.useMenuStore({ open: true, orientation: "both", placement: "bottom-start", setOpen: (isOpen) => { if (!isOpen) onClose(); } });
  const chosen = row.is_hue_chosen ? row.hue : null;
  const entry = (hue: number | null) => ({ ref: hue === chosen ? focus : undefined, name: "hue", value: String(hue), hideOnClick: true, checked: hue === chosen, onClick: () => void chooseHue(row, hue) });
  return (
    <Ariakit.Menu store={store} gutter={4} portal className={menu["menu"]} aria-label={`Colour of ${row.name}`} getAnchorRect={() => anchor.getBoundingClientRect()} finalFocus={anchor.closest<HTMLElement>("[data-row]") ?? anchor}>
      <div className={styles["hues"]}>
        {Array.from({ length: HUES }, (_, hue) => (
          <Ariakit.MenuItemRadio key={hue} {...entry(hue)} className={styles["hue"]} aria-label={`Colour ${String(hue + 1)}`} title={`Colour ${String(hue + 1)}`}>
            <Swatch hue={hue} />
          </Ariakit.MenuItemRadio>
        ))}
      </div>
      <Ariakit.MenuItemRadio {...entry(null)} className={menu["item"]}>
        <span className={menu["tick"]} aria-hidden="true">{row.is_hue_chosen ? "" : "✓"}</span>
        Automatic
      </Ariakit.MenuItemRadio>
    </Ariakit.Menu>
  );
}
