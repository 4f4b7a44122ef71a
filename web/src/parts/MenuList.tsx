/** The list of a menu beside its button, while it is open. The focus goes into it and back to the button. */

import * as Ariakit from "@ariakit/react";
import { type RefObject, useLayoutEffect } from "react";
import type { FirstFocus, MenuEntry } from "./Menu";
import styles from "./Menu.module.css";

type Props = { id: string; label: string; entries: MenuEntry[]; /** Where it goes first; null while the menu is closed. */ focus: FirstFocus | null; button: RefObject<HTMLButtonElement | null>; onClose: () => void };

export function MenuList({ id, label, entries, focus, button, onClose }: Props) {
  const menu = Ariakit.useMenuStore({ placement: "bottom-end", open: focus !== null, setOpen: (isOpen) => { if (!isOpen) onClose(); } });
  useLayoutEffect(() => {
    menu.setDisclosureElement(button.current);
    menu.setAnchorElement(button.current);
    if (focus === null) return;
    menu.setAutoFocusOnShow(true);
    menu.setInitialFocus(focus);
  }, [menu, button, focus]);
  return (
    <Ariakit.Menu store={menu} id={id} gutter={4} portal className={styles["menu"]} aria-label={label} unmountOnHide>
      {entries.map((entry, index) => (
        <Entry key={index} entry={entry} />
      ))}
      {reasonsOf(entries).map((reason) => <p key={reason} className={styles["reason"]}>{reason}</p>)}
    </Ariakit.Menu>
  );
}

/** Whoever has no pointer reads them too. */
const reasonsOf = (entries: readonly MenuEntry[]) => [...new Set(entries.flatMap((entry) => ("reason" in entry ? (entry.reason ?? []) : [])))];

/** It can be reached all the same: the reason is read with it. */
const withheld = (reason: string | undefined) => (reason === undefined ? {} : { disabled: true, accessibleWhenDisabled: true, title: reason });

function Entry({ entry }: { entry: MenuEntry }) {
  switch (entry.kind) {
    case "line":
      return <Ariakit.MenuSeparator className={styles["line"]} />;
    case "heading":
      return <div className={styles["heading"]}>{entry.label}</div>;
    case "choice":
      return (
        <Ariakit.MenuItemRadio name={entry.label} value="chosen" checked={entry.isChosen} className={styles["item"]} onClick={entry.onSelect} hideOnClick {...withheld(entry.reason)}>
          <span className={styles["tick"]} aria-hidden="true">{entry.isChosen ? "✓" : ""}</span>
          {entry.label}
        </Ariakit.MenuItemRadio>
      );
    case "do":
      return (
        <Ariakit.MenuItem className={styles["item"]} data-dangerous={entry.isDangerous} onClick={entry.onSelect} {...withheld(entry.reason)}>
          <span>{entry.label}</span>
          {entry.hint !== undefined && <kbd>{entry.hint}</kbd>}
        </Ariakit.MenuItem>
      );
  }
}
