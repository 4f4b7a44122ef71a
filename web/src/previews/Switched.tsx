/** Two ways to see one thing, of which one is shown. */

import { type ReactNode, useState } from "react";
import styles from "./previews.module.css";

export function Switched({ names, children }: { names: readonly [string, string]; children: readonly [ReactNode, ReactNode] }) {
  const [chosen, setChosen] = useState<0 | 1>(0);
  return (
    <>
      <div className={styles["switch"]} role="group" aria-label="Shown as">
        {([0, 1] as const).map((index) => (
          <button key={index} type="button" aria-pressed={chosen === index} onClick={() => { setChosen(index); }}>{names[index]}</button>
        ))}
      </div>
      {children[chosen]}
    </>
  );
}
