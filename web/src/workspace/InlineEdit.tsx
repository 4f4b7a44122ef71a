/** A cell of the run table as a field. Enter saves, Escape gives up; a refusal is told, and what was typed stays. */

import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { type RunRow, api, reasonOf } from "../api";
import { toast } from "../frame/Toasts";
import styles from "./TableParts.module.css";
import { isConflict, saveRun } from "./runEdits";
import { runChanged } from "../queries";

type Props = { row: RunRow; field: "name" | "tags" | "notes"; value: string; onClose: () => void };

const HINTS = { name: "Name", tags: "Tags, with commas", notes: "Notes" } as const;

export function InlineEdit({ row, field, value, onClose }: Props) {
  const [seen, setSeen] = useState(value);
  const [draft, setDraft] = useState(value);
  const [isSaving, setIsSaving] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.select();
  }, []);
  const save = async () => {
    if (isSaving || (field === "name" && draft.trim() === "")) return;
    setIsSaving(true);
    const texts = { name: row.name, tags: row.tags.join(", "), notes: row.notes ?? "" };
    try {
      await saveRun(row, { ...texts, [field]: seen }, { ...texts, [field]: draft });
      onClose();
    } catch (error) {
      // whoever reads of another's change may save over it
      const now = isConflict(error) ? await current(row, field).catch(() => seen) : seen;
      toast({ text: `Not saved: ${reasonOf(error)}`, isBad: true, about: `edit ${row.id}`, lastsMs: 15_000 });
      setSeen(now);
      setIsSaving(false);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Enter") void save();
    else if (event.key === "Escape") onClose();
  };
  return (
    <form className={styles["inline"]} onSubmit={(event) => { event.preventDefault(); }}>
      <input ref={input} autoFocus aria-label={`${HINTS[field]} of ${row.name}`} placeholder={HINTS[field]} value={draft} onChange={(event) => { setDraft(event.target.value); }} onKeyDown={onKeyDown} onBlur={() => { if (draft === seen) onClose(); }} />
    </form>
  );
}

async function current(row: RunRow, field: Props["field"]): Promise<string> {
  const now = await api.run(row.id);
  void runChanged(row.id);
  return field === "tags" ? now.tags.join(", ") : now[field];
}
