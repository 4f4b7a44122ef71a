/** Words among the charts, written in Markdown. */

import { Markdown } from "../parts/Markdown";
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
      {isEditing && <textarea aria-label="Text in Markdown" placeholder="What is to be seen here? Markdown is understood." value={draft} onChange={(event) => { setDraft(event.target.value); }} />}
      {draft === "" && !isEditing ? <p className="muted">Nothing is written here yet.</p> : <Markdown text={draft} />}
    </div>
  );
}
