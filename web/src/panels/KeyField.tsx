/** One key of the runs to be chosen: from a list, or, where there are very many, by typing its name. */

import { useId } from "react";
import type { Keys } from "../api";
import { choicesOf, labelOf } from "./data";

type Props = { label: string; value: string; keys: Keys | undefined; none?: string; only?: "metrics" | "config"; onChange: (key: string) => void };

/** Longer lists are typed into. */
const MOST_LISTED = 400;

export function KeyField({ label, value, keys, none, only, onChange }: Props) {
  const id = useId();
  const { config, metrics, runs } = choicesOf(keys);
  const groups = [
    { name: "Config", choices: only === "metrics" ? [] : config },
    { name: "Metrics", choices: only === "config" ? [] : metrics },
    { name: "Run", choices: only === undefined ? runs : [] },
  ].filter(({ choices }) => choices.length > 0);
  const every = groups.flatMap(({ choices }) => choices);
  if (every.length > MOST_LISTED) {
    return (
      <label>
        <span className="muted">{label}</span>{" "}
        <input key={value} type="search" list={id} aria-label={label} defaultValue={value} placeholder={none} onFocus={(event) => { event.target.select(); }} onChange={(event) => { if (every.includes(event.target.value) || (event.target.value === "" && none !== undefined)) onChange(event.target.value); }} />
        <datalist id={id}>
          {every.map((key) => (
            <option key={key} value={key} />
          ))}
        </datalist>
      </label>
    );
  }
  return (
    <label>
      <span className="muted">{label}</span>{" "}
      <select aria-label={label} value={value} onChange={(event) => { onChange(event.target.value); }}>
        {none !== undefined && <option value="">{none}</option>}
        {value !== "" && !every.includes(value) && <option value={value}>{labelOf(value)}</option>}
        {groups.map(({ name, choices }) => (
          <optgroup key={name} label={name}>
            {choices.map((key) => (
              <option key={key} value={key}>
                {labelOf(key)}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}
