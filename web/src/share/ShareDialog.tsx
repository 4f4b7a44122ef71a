/** The link to some charts, and the line that puts them into another page. */

import { CodeBlock } from "../parts/Code";
import { Dialog } from "../parts/Dialog";
import { plural } from "../format";
import styles from "./ShareDialog.module.css";
import { type Embedded, embedAddress, frameCode } from "./embedLink";

export function ShareDialog({ shared, onClose }: { shared: Embedded; onClose: () => void }) {
  const address = new URL(embedAddress(shared), location.href).href;
  const what = shared.metrics.length === 1 ? (shared.metrics[0] ?? "") : shared.metrics.length > 1 ? plural(shared.metrics.length, "chart") : "the first charts";
  return (
    <Dialog title={`Share ${what}`} onClose={onClose} width="wide">
      <p className={styles["first"]}>
        Shows {what} of {plural(shared.runs.length, "run")} as drawn here, and follows the runs that are live.
        Whoever opens it needs to reach this server, and to be signed in where it asks for a key.
      </p>
      <h3 className={styles["title"]}>Link</h3>
      <CodeBlock text={address} label="Link to the chart" />
      <h3 className={styles["title"]}>For a page, a wiki or a notebook</h3>
      <CodeBlock text={frameCode(address)} label="HTML of the frame" />
      <p><a href={address} target="_blank" rel="noopener noreferrer">Open it</a></p>
    </Dialog>
  );
}
