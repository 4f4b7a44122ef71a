/** The field that narrows the list: words, or a filter with its names completed and its errors shown where they stand. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { ApiError, Keys } from "../api";
import { Icon } from "../parts/Icon";
import { useDraft } from "../parts/useDraft";
import { queries } from "../queries";
import { lastFilters } from "../settings";
import styles from "./FilterField.module.css";
import { type Completion, type Names, completionsAt } from "./completion";
import { type Narrowing, fieldOf, narrowingOf, placeIn, withFilter } from "./filter";

type Props = {
  project: string;
  keys: Keys | undefined;
  value: Narrowing;
  /** What the server says against the filter. */
  error: ApiError | null;
  onChange: (narrowing: Narrowing) => void;
  /** What stands beside the field; an error has the width of both. */
  children: ReactNode;
};

export function FilterField({ project, keys, value, error, onChange, children }: Props) {
  const [draft, setDraft] = useDraft(fieldOf(value), (text) => { onChange(narrowingOf(text)); }, 150);
  const [caret, setCaret] = useState(draft.length);
  const [isWanted, setIsWanted] = useState(false);
  const [chosen, setChosen] = useState<number | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const caretToSet = useRef<number | null>(null);
  const id = useId();
  const last = lastFilters(project);
  const { from, word, options, isOpen } = useCompletions(project, keys, draft, caret, isWanted, last.use());
  const remember = () => { if (value.filter !== "" && error === null && narrowingOf(draft).filter === value.filter) last.set(withFilter(last.get(), value.filter)); };
  const isPartial = word !== "" && narrowingOf(draft).filter !== "" && options[0]?.label.replace(/^\./, "") !== word;
  const active = isOpen ? (chosen !== null && chosen < options.length ? chosen : isPartial ? 0 : null) : null;

  useLayoutEffect(() => {
    if (caretToSet.current === null) return;
    input.current?.setSelectionRange(caretToSet.current, caretToSet.current);
    caretToSet.current = null;
  }, [draft]);
  useLayoutEffect(() => {
    if (active !== null) document.getElementById(`${id}-${String(active)}`)?.scrollIntoView({ block: "nearest" });
  }, [active, id]);

  const write = (text: string, at: number) => {
    setDraft(text);
    setCaret(at);
    setChosen(null);
    setIsWanted(true);
  };
  const accept = (option: Completion) => {
    const rest = draft.slice(caret);
    const head = draft.slice(0, from) + option.insert;
    caretToSet.current = head.length;
    write(head + withoutClosing(rest, option.insert), head.length);
    input.current?.focus();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const option = active === null ? undefined : options[active];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) setIsWanted(true);
      else setChosen(turned(active, options.length, event.key === "ArrowDown" ? 1 : -1));
    } else if ((event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) && option !== undefined) {
      event.preventDefault();
      accept(option);
    } else if (event.key === "Enter") {
      setIsWanted(false);
      remember();
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      setIsWanted(false);
    }
  };
  // while names are offered the filter is not finished
  const isRefused = error !== null && value.filter !== "" && !isOpen;
  return (
    <div>
      <div className={styles["row"]}>
        <div className={styles["field"]} onBlur={(event) => { if (!event.currentTarget.contains(event.relatedTarget)) { setIsWanted(false); remember(); } }}>
          <input
            ref={input}
            type="text"
            role="combobox"
            className={styles["text"]}
            aria-label="Filter runs"
            aria-autocomplete="list"
            aria-expanded={isOpen}
            aria-controls={isOpen ? `${id}-list` : undefined}
            aria-activedescendant={active === null ? undefined : `${id}-${String(active)}`}
            aria-invalid={isRefused}
            aria-describedby={isRefused ? `${id}-error` : undefined}
            placeholder={'Words, or config.lr < 1e-3 and "baseline" in tags'}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            value={draft}
            onChange={(event) => { write(event.target.value, event.target.selectionStart ?? event.target.value.length); }}
            onSelect={(event) => { setCaret(event.currentTarget.selectionStart ?? draft.length); }}
            onKeyDown={onKeyDown}
          />
          {draft !== "" && (
            <button type="button" data-look="icon" className={styles["clear"]} aria-label="Clear the filter" title="Clear the filter" onClick={() => { write("", 0); setIsWanted(false); input.current?.focus(); }}>
              <Icon name="close" size={12} />
            </button>
          )}
          {isOpen && (
            <ul id={`${id}-list`} role="listbox" aria-label="Completions" className={styles["list"]}>
              {options.map((option, index) => (
                <li
                  key={`${option.note} ${option.label}`}
                  id={`${id}-${String(index)}`}
                  role="option"
                  aria-selected={index === active}
                  className={styles["option"]}
                  // the field keeps the focus
                  onPointerDown={(event) => { event.preventDefault(); }}
                  onClick={() => { accept(option); }}
                >
                  <bdi className="clip">{option.label}</bdi>
                  <span className={styles["note"]}>{option.note}</span>
                </li>
              ))}
            </ul>
          )}
        </div>
        {children}
      </div>
      {isRefused && <FilterError id={`${id}-error`} filter={value.filter} error={error} />}
    </div>
  );
}

/** All names are at hand but in a project of very many: there those with the word's beginning are asked for. */
function useCompletions(project: string, keys: Keys | undefined, draft: string, caret: number, isWanted: boolean, last: readonly string[]) {
  const known = useMemo(() => (isWanted ? completionsAt(draft, caret, namesOf(keys)) : null), [isWanted, draft, caret, keys]);
  const prefix = known?.word ?? "";
  const more = useQuery({ ...queries.keysFrom(project, prefix), enabled: keys?.has_more === true && prefix !== "" }).data;
  const found = useMemo(() => (more === undefined || known === null ? known : completionsAt(draft, caret, namesOf(more))), [more, known, draft, caret]);
  const used = isWanted && draft === "" ? last.map((filter): Completion => ({ label: filter, note: "used before", insert: filter })) : [];
  const named = (found?.options.length ?? 0) > 0 ? (found?.options ?? []) : (known?.options ?? []);
  const options = [...used, ...named];
  return { from: known?.from ?? 0, word: prefix, options, isOpen: options.length > 0 };
}

const namesOf = (keys: Keys | undefined): Names => ({ config: keys?.config.map(({ key }) => key) ?? [], metrics: keys?.metrics.map(({ name }) => name) ?? [] });

/** What was typed with brackets and quotes is inserted with them; those that stand behind the caret already are not needed. */
const withoutClosing = (rest: string, insert: string) => (/["']?\]\s*$/.test(insert) ? rest.replace(/^["']?\]/, "") : rest);

/** Round and round, from nothing to the first or the last. */
const turned = (active: number | null, count: number, by: 1 | -1) => (active === null ? (by === 1 ? 0 : count - 1) : (active + by + count) % count);

function FilterError({ id, filter, error }: { id: string; filter: string; error: ApiError }) {
  const place = placeIn(filter, error.position);
  return (
    <div id={id} role="status" className={styles["error"]}>
      {place !== null && (
        <code className={styles["place"]}>
          {place.before}
          <mark>{place.marked === "" ? "\u00a0" : place.marked}</mark>
          {place.after}
        </code>
      )}
      <span>{error.message}</span>
    </div>
  );
}
