/** Every key that does something on the page that is open. */

import { Dialog } from "../parts/Dialog";
import { singleKeys } from "../settings";
import styles from "./KeysDialog.module.css";
import { type Key, keysNow } from "./keys";

const ALWAYS = [
  { key: "Ctrl K", label: "Search and commands" },
  { key: "Esc", label: "Close what is open" },
];

export function KeysDialog({ onClose }: { onClose: () => void }) {
  const isOn = singleKeys.use();
  const named: Pick<Key, "key" | "label">[] = [...ALWAYS, ...keysNow()];
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className={styles["keys"]}>
        {named.map(({ key, label }) => (
          <div key={`${key} ${label}`}>
            <dt>
              <kbd>{key === " " ? "Space" : key}</kbd>
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
      </dl>
      <label className={styles["switch"]}>
        <input type="checkbox" checked={isOn} onChange={(event) => { singleKeys.set(event.target.checked); }} /> Single keys do these things
      </label>
    </Dialog>
  );
}
