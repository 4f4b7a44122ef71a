/** By which keys runs are grouped, or by all of their configs but some, found by typing a part of a name. */

import { useState } from "react";
import type { Keys } from "../api";
import { formatCount, plural } from "../format";
import { Dialog } from "../parts/Dialog";
import type { GroupChange } from "./GroupButton";
import styles from "./TableParts.module.css";
import { GROUP_KEYS, type Grouping, MOST_KEYS, UNGROUPED, grouped } from "./grouping";

type Props = { grouping: Grouping; keys: Keys | undefined; onChange: GroupChange; onClose: () => void };
type Choice = { key: string; label: string; kind: string; note: string };

/** Longer lists are for the search field. */
const MOST_SHOWN = 200;

export function GroupDialog({ grouping, keys, onChange, onClose }: Props) {
  const [text, setText] = useState("");
  const { by, except } = grouping;
  const isExcept = except !== null;
  const chosen = except ?? by;
  const choices = choicesOf(keys, isExcept);
  const found = choices.filter(({ label }) => label.toLowerCase().includes(text.trim().toLowerCase()));
  const isFull = !isExcept && by.length >= MOST_KEYS;
  const toggle = (key: string) => {
    onChange((now) => {
      const before = isExcept ? (now.except ?? []) : now.by;
      const next = before.includes(key) ? before.filter((one) => one !== key) : [...before, key];
      return grouped(now, isExcept ? { by: [], except: next } : { by: next, except: null });
    });
  };
  return (
    <Dialog
      title="Group runs"
      onClose={onClose}
      footer={
        <>
          <button type="button" onClick={() => { onChange((now) => grouped(now, UNGROUPED)); }}>No groups</button>
          <button type="button" data-look="primary" onClick={onClose}>Done</button>
        </>
      }
    >
      <div role="radiogroup" aria-label="How">
        <label className={styles["way"]}>
          <input type="radio" name="how" checked={!isExcept} onChange={() => { onChange((now) => grouped(now, { by: [], except: null })); }} />
          By these keys
        </label>
        <label className={styles["way"]}>
          <input type="radio" name="how" checked={isExcept} onChange={() => { onChange((now) => grouped(now, { by: [], except: by.filter((key) => key.startsWith("config.")) })); }} />
          By everything in the config but these keys
        </label>
      </div>
      <p className="muted small">
        {isExcept ? "Runs are together that differ in nothing but the keys that you choose, such as the seed." : `Runs are together that have the same value of each key; up to ${String(MOST_KEYS)} keys.`}
      </p>
      <input className={styles["search"]} type="search" data-autofocus aria-label="Find a key" placeholder="Find a key" value={text} onChange={(event) => { setText(event.target.value); }} />
      <ul className={styles["list"]} aria-label="Keys">
        {found.slice(0, MOST_SHOWN).map(({ key, label, kind, note }) => (
          <li key={key}>
            <label>
              <input type="checkbox" checked={chosen.includes(key)} disabled={isFull && !chosen.includes(key)} onChange={() => { toggle(key); }} />
              <span className={styles["kind"]}>{kind}</span>
              <bdi className={styles["label"]}>{label}</bdi>
              <span className="muted small">{note}</span>
            </label>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="muted">Nothing is called “{text}”.</p>}
      {found.length > MOST_SHOWN && <p className="muted small">The first {MOST_SHOWN} of {formatCount(found.length)}; type more of the name.</p>}
    </Dialog>
  );
}

/** What tells runs apart comes first; the config alone can be left out of a comparison. */
function choicesOf(keys: Keys | undefined, isExcept: boolean): Choice[] {
  const config = (keys?.config ?? [])
    .toSorted((a, b) => Number(b.value_count > 1) - Number(a.value_count > 1))
    .map(({ key, value_count }): Choice => ({ key: `config.${key}`, label: key, kind: "config", note: plural(value_count, "value") }));
  const others = Object.entries(GROUP_KEYS).map(([key, label]): Choice => ({ key, label, kind: "run", note: "" }));
  return isExcept ? config : [...config, ...others];
}
