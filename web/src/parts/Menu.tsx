/** A button that opens a list of things to do. */

import * as Ariakit from "@ariakit/react";
import type { ReactNode } from "react";
import styles from "./Menu.module.css";

export type MenuEntry =
  | { kind: "do"; label: string; hint?: string; isDangerous?: boolean; onSelect: () => void }
  | { kind: "choice"; label: string; isChosen: boolean; onSelect: () => void }
  | { kind: "heading"; label: string }
  | { kind: "line" };

type Props = { label: string; children: ReactNode; entries: MenuEntry[]; look?: "icon" | "plain" | undefined; /** For entries that are worth fetching only then. */ onOpen?: () => void };

export function Menu({ label, children, entries, look, onOpen }: Props) {
  return (
    <Ariakit.MenuProvider placement="bottom-end" setOpen={(isOpen) => { if (isOpen) onOpen?.(); }}>
      <Ariakit.MenuButton aria-label={label} title={label} data-look={look}>
        {children}
      </Ariakit.MenuButton>
      <Ariakit.Menu gutter={4} portal className={styles["menu"]} aria-label={label} unmountOnHide>
        {entries.map((entry, index) => (
          <Entry key={index} entry={entry} />
        ))}
      </Ariakit.Menu>
    </Ariakit.MenuProvider>
  );
}

function Entry({ entry }: { entry: MenuEntry }) {
  switch (entry.kind) {
    case "line":
      return <Ariakit.MenuSeparator className={styles["line"]} />;
    case "heading":
      return <div className={styles["heading"]}>{entry.label}</div>;
    case "choice":
      return (
        <Ariakit.MenuItemRadio name={entry.label} value="chosen" checked={entry.isChosen} className={styles["item"]} onClick={entry.onSelect} hideOnClick>
          <span className={styles["tick"]} aria-hidden="true">{entry.isChosen ? "✓" : ""}</span>
          {entry.label}
        </Ariakit.MenuItemRadio>
      );
    case "do":
      return (
        <Ariakit.MenuItem className={styles["item"]} data-dangerous={entry.isDangerous} onClick={entry.onSelect}>
          <span>{entry.label}</span>
          {entry.hint !== undefined && <kbd>{entry.hint}</kbd>}
        </Ariakit.MenuItem>
      );
  }
}
