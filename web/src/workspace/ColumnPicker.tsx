/** Which config keys and metrics are columns, found by typing a part of their names. */

import { useState } from "react";
import type { Keys } from "../api";
import { formatCount } from "../format";
import { Dialog } from "../parts/Dialog";
import styles from "./ColumnPicker.module.css";

type Props = { keys: Keys | undefined; total: number; columns: readonly string[]; isChosen: boolean; onChange: (columns: string[] | null) => void; onClose: () => void };
type Choice = { key: string; label: string; count: number };

/** Longer lists are for the search field. */
const MOST_SHOWN = 200;

export function ColumnPicker({ keys, total, columns, isChosen, onChange, onClose }: Props) {
  const [text, setText] = useState("");
  const choices = keys === undefined ? [] : choicesOf(keys);
  const found = choices.filter(({ label }) => label.toLowerCase().includes(text.trim().toLowerCase()));
  const toggle = (key: string) => { onChange(columns.includes(key) ? columns.filter((one) => one !== key) : [...columns, key]); };
  const varying = keys?.config.filter(({ value_count }) => value_count > 1).map(({ key }) => `config.${key}`) ?? [];
  return (
    <Dialog
      title="Columns"
      onClose={onClose}
      footer={
        <>
          <button type="button" disabled={!isChosen} onClick={() => { onChange(null); }}>Default</button>
          <button type="button" onClick={() => { onChange([...new Set([...columns.filter((key) => key.startsWith("metrics.")), ...varying])]); }}>All config that differs</button>
          <button type="button" onClick={() => { onChange([]); }}>None</button>
          <button type="button" data-look="primary" onClick={onClose}>Done</button>
        </>
      }
    >
      <input className={styles["search"]} type="search" data-autofocus aria-label="Find a column" placeholder="Find a config key or metric" value={text} onChange={(event) => { setText(event.target.value); }} />
      <ul className={styles["list"]} aria-label="Columns">
        {found.slice(0, MOST_SHOWN).map(({ key, label, count }) => (
          <li key={key}>
            <label>
              <input type="checkbox" checked={columns.includes(key)} onChange={() => { toggle(key); }} />
              <span className={styles["kind"]}>{key.startsWith("config.") ? "config" : "metric"}</span>
              <bdi className={styles["label"]}>{label}</bdi>
              <span className="muted small">in {formatCount(count)} of {formatCount(total)}</span>
            </label>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="muted">Nothing is called “{text}”.</p>}
      {found.length > MOST_SHOWN && <p className="muted small">The first {MOST_SHOWN} of {formatCount(found.length)}; type more of the name.</p>}
    </Dialog>
  );
}

function choicesOf(keys: Keys): Choice[] {
  const metrics = keys.metrics.filter(({ kind }) => kind === "metric");
  const system = keys.metrics.filter(({ kind }) => kind === "system");
  return [
    ...keys.config.map(({ key, run_count }) => ({ key: `config.${key}`, label: key, count: run_count })),
    ...[...metrics, ...system].flatMap(({ name, run_count }) => ["", ".min", ".max"].map((end) => ({ key: `metrics.${name}${end}`, label: `${name}${end}`, count: run_count }))),
  ];
}
