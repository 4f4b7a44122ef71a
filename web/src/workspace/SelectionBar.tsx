/** The bar below the list while runs are selected. It is a chunk of its own: most visits select nothing. */

import { type FormEvent, useState } from "react";
import { reasonOf } from "../api";
import { formatCount, plural } from "../format";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { Menu, type MenuEntry } from "../parts/Menu";
import { useRights } from "../rights";
import styles from "./TableParts.module.css";
import { MOST_COMPARED, type SelectionProps } from "./ActionBar";
import { type Chosen, changeChosen } from "./bulk";
import { FIRST_PAGE } from "./runs";
import { type TextForm, copyRows, saveRows } from "./takeRows";

type Props = SelectionProps & { onCompare: () => void };

/** What the server changes at once. */
const MOST_CHANGED = 10_000;

export function SelectionBar({ project, selected, rows, matched, criteria, columns, goals, onDone, onCompare }: Props) {
  const [isEvery, setIsEvery] = useState(false);
  const reason = useRights(project)("editor");
  const [opened, setOpened] = useState<"tag" | "untag" | null>(null);
  // all that match is a question to the filter: another pick by hand takes it back
  const [picked, setPicked] = useState(selected);
  if (picked !== selected) {
    setPicked(selected);
    setIsEvery(false);
  }
  const count = isEvery ? matched : selected.size;
  const chosen: Chosen = isEvery ? { kind: "matching", criteria } : { kind: "runs", ids: [...selected] };
  const known = rows.filter(({ id }) => selected.has(id));
  const isArchived = known.length > 0 && known.every((row) => row.is_archived);
  const isTooMany = count > MOST_CHANGED;
  const running = isEvery ? null : known.filter(({ status }) => status === "running" || status === "lost").length;
  const act = (action: "archive" | "unarchive" | "delete" | "stop") => void changeChosen(project, chosen, { action }, onDone);
  const take = (form: TextForm, isCopied: boolean) => void (isCopied ? copyRows : saveRows)(form, { project, chosen, rows, criteria, columns, goals });
  const canCompare = count <= MOST_COMPARED;
  const tags = [...new Set(known.flatMap((row) => row.tags))].toSorted();
  const more: MenuEntry[] = [
    { kind: "do", label: "Remove a tag…", reason, onSelect: () => { setOpened("untag"); } },
    ...(running === 0 ? [] : [{ kind: "do" as const, label: running === null ? "Stop those that run" : `Stop ${plural(running, "run")}`, reason, onSelect: () => { act("stop"); } }]),
    { kind: "line" },
    { kind: "do", label: "Copy as CSV", onSelect: () => { take("csv", true); } },
    { kind: "do", label: "Copy as Markdown", onSelect: () => { take("markdown", true); } },
    { kind: "do", label: "Copy as a filter", onSelect: () => { take("filter", true); } },
    { kind: "line" },
    { kind: "do", label: "Export CSV", onSelect: () => { take("csv", false); } },
    { kind: "do", label: "Export JSON", onSelect: () => { take("json", false); } },
  ];
  return (
    <div className={styles["bar"]} role="toolbar" aria-label="Selected runs">
      <span role="status">{isEvery ? `All ${formatCount(count)} that match` : `${formatCount(count)} selected`}</span>
      {!isEvery && matched > selected.size && known.length >= Math.min(FIRST_PAGE, rows.length) && (
        <button type="button" data-look="link" onClick={() => { setIsEvery(true); }}>Select all {formatCount(matched)} that match</button>
      )}
      <button type="button" data-look="primary" onClick={onCompare} disabled={!canCompare} title={canCompare ? "Compare (c)" : `At most ${String(MOST_COMPARED)} runs can be compared`}>
        Compare
      </button>
      <Button reason={reason} disabled={isTooMany} onClick={() => { setOpened("tag"); }}>Tag</Button>
      <Button reason={reason} disabled={isTooMany} onClick={() => { act(isArchived ? "unarchive" : "archive"); }}>{isArchived ? "Unarchive" : "Archive"}</Button>
      <Button reason={reason} disabled={isTooMany} onClick={() => { act("delete"); }}>Delete</Button>
      <Menu label="More for the selected runs" look="icon" entries={more}><Icon name="more" /></Menu>
      <button type="button" data-look="icon" aria-label="Clear the selection" title="Clear the selection" onClick={onDone}><Icon name="close" /></button>
      {isTooMany && <span className="muted small">At most {formatCount(MOST_CHANGED)} runs are changed at once; narrow the filter.</span>}
      {opened !== null && (
        <TagDialog
          isAdded={opened === "tag"}
          count={count}
          known={opened === "untag" ? tags : []}
          onClose={() => { setOpened(null); }}
          onTag={(tag) => changeChosen(project, chosen, { action: opened, tag })}
        />
      )}
    </div>
  );
}

type TagProps = { isAdded: boolean; count: number; known: readonly string[]; onTag: (tag: string) => Promise<void>; onClose: () => void };

function TagDialog({ isAdded, count, known, onTag, onClose }: TagProps) {
  const [tag, setTag] = useState(known[0] ?? "");
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await onTag(tag.trim());
      onClose();
    } catch (failure) {
      setError(reasonOf(failure));
    }
  };
  return (
    <Dialog title={isAdded ? `Tag ${plural(count, "run")}` : `Remove a tag of ${plural(count, "run")}`} onClose={onClose}>
      <form className={styles["tag"]} onSubmit={(event) => void submit(event)}>
        <input data-autofocus required aria-label="Tag" placeholder="baseline" list="known-tags" value={tag} onChange={(event) => { setTag(event.target.value); }} />
        <datalist id="known-tags">{known.map((one) => <option key={one} value={one} />)}</datalist>
        <button type="submit" data-look="primary" disabled={tag.trim() === ""}>{isAdded ? "Add tag" : "Remove tag"}</button>
      </form>
      {error !== null && <p role="alert">{error}</p>}
    </Dialog>
  );
}
