/** How to go on with a run, or from a step of it, in Python. */

import { useState } from "react";
import type { RunDetail } from "../api";
import { formatCount } from "../format";
import { CodeBlock } from "../parts/Code";
import { Dialog } from "../parts/Dialog";
import styles from "./StopRun.module.css";
import { continueLines, forkLines } from "./continuing";

type Props = { run: RunDetail; kind: "continue" | "fork"; onClose: () => void };

export function GoOnDialog({ run, kind, onClose }: Props) {
  const last = Object.values(run.metrics).reduce((most, { last_step, kind: of }) => (of === "system" ? most : Math.max(most, last_step ?? 0)), 0);
  const [text, setText] = useState(kind === "fork" ? String(last) : "");
  const step = /^\d+$/.test(text.trim()) ? Number(text) : null;
  const isWrong = text.trim() !== "" && step === null;
  const lines = kind === "fork" ? forkLines(window.location.origin, run, step ?? last) : continueLines(window.location.origin, run, step);
  return (
    <Dialog title={kind === "fork" ? `Fork ${run.name}` : `Continue ${run.name}`} width="wide" onClose={onClose}>
      <div className={styles["form"]}>
        <p>
          {kind === "fork"
            ? "A new run that begins with this one’s history up to a step. This run stays as it is."
            : "The same run goes on. From a checkpoint’s step, what it had logged beyond is superseded and kept; without one it goes on after its last step."}
        </p>
        <label>
          {kind === "fork" ? "At step" : "From the step of a checkpoint"} <span className="muted">{kind === "fork" ? `(the last is ${formatCount(last)})` : "(optional)"}</span>
          <input data-autofocus inputMode="numeric" aria-invalid={isWrong} value={text} onChange={(event) => { setText(event.target.value); }} />
        </label>
        {isWrong && <p role="alert">A step is a whole number, 0 or more.</p>}
        <CodeBlock text={lines} label="Python" />
      </div>
    </Dialog>
  );
}
