/** By what lines are told apart: which values of the config stand beside the names of runs. */

import { useState } from "react";
import type { Keys } from "../api";
import { formatCount, plural } from "../format";
import { Dialog } from "../parts/Dialog";
import styles from "./TableParts.module.css";
import type { Labels } from "./labels";
import type { Change } from "./useView";
import type { View } from "./view";

/** `labels` are the keys that stand there now. */
type Props = { view: View; change: Change; keys: Keys | undefined; labels: readonly string[]; onClose: () => void };

/** Longer lists are for the search field. */
const MOST_SHOWN = 200;

const WAYS = [
  ["auto", "The few in which the visible runs differ"],
  ["none", "None"],
  ["these", "These keys"],
] as const;
type Way = (typeof WAYS)[number][0];

const wayOf = (labels: Labels): Way => (labels === null ? "auto" : labels.length === 0 ? "none" : "these");

export function LinesDialog({ view, change, keys, labels, onClose }: Props) {
  const [way, setWay] = useState(wayOf(view.labels));
  const setLabels = (next: Labels) => { change((now) => ({ ...now, labels: next })); };
  const choose = (next: Way) => {
    setWay(next);
    setLabels(next === "auto" ? null : next === "none" ? [] : [...labels]);
  };
  return (
    <Dialog title="Labels of lines" onClose={onClose} footer={<button type="button" data-look="primary" onClick={onClose}>Done</button>}>
      <div role="radiogroup" aria-label="Values of the config beside the names of runs">
        <p className="muted small">Values of the config that stand beside the names of runs</p>
        {WAYS.map(([one, label]) => (
          <label key={one} className={styles["way"]}>
            <input type="radio" name="labels" checked={way === one} onChange={() => { choose(one); }} />
            <span>{label}{one === "auto" && way === "auto" && labels.length > 0 && <span className="muted">: {labels.map((key) => key.slice("config.".length)).join(", ")}</span>}</span>
          </label>
        ))}
      </div>
      {way === "these" && <KeyList keys={keys} chosen={view.labels ?? []} onChange={setLabels} />}
    </Dialog>
  );
}

function KeyList({ keys, chosen, onChange }: { keys: Keys | undefined; chosen: readonly string[]; onChange: (keys: string[]) => void }) {
  const [text, setText] = useState("");
  const found = (keys?.config ?? [])
    .filter(({ key }) => key.toLowerCase().includes(text.trim().toLowerCase()))
    .toSorted((a, b) => Number(b.value_count > 1) - Number(a.value_count > 1));
  return (
    <>
      <input className={styles["search"]} type="search" aria-label="Find a key" placeholder="Find a key" value={text} onChange={(event) => { setText(event.target.value); }} />
      <ul className={styles["list"]} aria-label="Keys">
        {found.slice(0, MOST_SHOWN).map(({ key, value_count }) => {
          const column = `config.${key}`;
          const isChosen = chosen.includes(column);
          return (
            <li key={key}>
              <label>
                <input type="checkbox" checked={isChosen} onChange={() => { onChange(isChosen ? chosen.filter((one) => one !== column) : [...chosen, column]); }} />
                <bdi className={styles["label"]}>{key}</bdi>
                <span className="muted small">{plural(value_count, "value")}</span>
              </label>
            </li>
          );
        })}
      </ul>
      {found.length === 0 && <p className="muted">{text === "" ? "No run has a config." : `Nothing is called “${text}”.`}</p>}
      {found.length > MOST_SHOWN && <p className="muted small">The first {MOST_SHOWN} of {formatCount(found.length)}; type more of the name.</p>}
    </>
  );
}
