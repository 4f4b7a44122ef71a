/** Lines to read or to copy. */

import { useState } from "react";
import styles from "./Code.module.css";
import { Icon } from "./Icon";
import { copyText } from "./clipboard";

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    await copyText(text);
    setIsCopied(true);
    setTimeout(() => { setIsCopied(false); }, 1500);
  };
  return (
    <button type="button" data-look="icon" aria-label={isCopied ? "Copied" : label} title={isCopied ? "Copied" : label} onClick={() => void copy()}>
      {isCopied ? <span aria-hidden="true">✓</span> : <Icon name="copy" />}
    </button>
  );
}

export function CodeBlock({ text, label }: { text: string; label: string }) {
  return (
    <div className={styles["block"]}>
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <span className={styles["copy"]}>
        <CopyButton text={text} label={`Copy: ${label}`} />
      </span>
    </div>
  );
}
