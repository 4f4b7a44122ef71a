/** Words among the charts. */

import { useDraft } from "../parts/useDraft";
import styles from "./panels.module.css";
import type { TextPanel } from "./state";

type Props = { panel: TextPanel; isEditing: boolean; onChange: (panel: TextPanel) => void };

/** Each pause in typing is one step back. */
const PAUSE_MS = 600;

export function TextContent({ panel, isEditing, onChange }: Props) {
  const [draft, setDraft] = useDraft(panel.text, (text) => { onChange({ ...panel, text }); }, PAUSE_MS);
  return (
    <div className={styles["text"]}>
      {isEditing && <textarea aria-label="Text" placeholder="What is to be seen here?" value={draft} onChange={(event) => { setDraft(event.target.value); }} />}
      {draft === "" && !isEditing ? <p className="muted">Nothing is written here yet.</p> : <p className={styles["plain"]}>{draft}</p>}
    </div>
  );
}
