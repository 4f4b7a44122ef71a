/** A field for the text of rules, with the numbers of its lines, and a mark where something is wrong. */

import { type Ref, useId, useRef } from "react";
import styles from "./RulesPage.module.css";

type Problem = { line: number; message: string };
type Props = { ref: Ref<HTMLTextAreaElement>; text: string; isReadOnly: boolean; problems: readonly Problem[]; onChange: (text: string) => void };

const FEWEST_LINES = 16;

export function RulesText({ ref, text, isReadOnly, problems, onChange }: Props) {
  const numbers = useRef<HTMLOListElement>(null);
  const noteId = useId();
  const count = text.split("\n").length;
  const wrong = new Map(problems.map(({ line, message }) => [line, message]));
  return (
    <div className={styles["editor"]}>
      <ol ref={numbers} className={styles["numbers"]} aria-hidden="true">
        {Array.from({ length: count }, (_, index) => (
          <li key={index} data-wrong={wrong.has(index + 1)} title={wrong.get(index + 1)}>{index + 1}</li>
        ))}
      </ol>
      <textarea
        ref={ref}
        aria-label="Rules as YAML"
        aria-invalid={problems.length > 0}
        aria-describedby={noteId}
        readOnly={isReadOnly}
        wrap="off"
        spellCheck={false}
        autoCapitalize="none"
        rows={Math.max(FEWEST_LINES, Math.min(40, count + 1))}
        maxLength={65_536}
        value={text}
        onScroll={(event) => { if (numbers.current !== null) numbers.current.scrollTop = event.currentTarget.scrollTop; }}
        onChange={(event) => { onChange(event.target.value); }}
      />
      <span id={noteId} className="visually-hidden">{problems.map(({ line, message }) => `Line ${String(line)}: ${message}`).join(". ")}</span>
    </div>
  );
}
