/** Tags, which are taken away and added one by one. */

import { type FormEvent, useState } from "react";
import { Button } from "./Button";
import styles from "./Editable.module.css";
import { Icon } from "./Icon";

/** `change` answers whether the server took it. */
type Props = { tags: readonly string[]; /** Why one may not change them. */ reason: string | undefined; change: (change: (tags: string[]) => string[]) => Promise<boolean> };

export function Tags({ tags, reason, change }: Props) {
  const [draft, setDraft] = useState("");
  const add = async (event: FormEvent) => {
    event.preventDefault();
    const tag = draft.trim();
    if (reason !== undefined) return;
    if (tag !== "" && !(await change((known) => (known.includes(tag) ? known : [...known, tag])))) return;
    setDraft("");
  };
  return (
    <div className={styles["tags"]}>
      <span className="muted">Tags</span>
      <ul aria-label="Tags">
        {tags.map((tag) => (
          <li key={tag} className={styles["tag"]}>
            <bdi>{tag}</bdi>
            <Button reason={reason} data-look="icon" aria-label={`Remove tag ${tag}`} onClick={() => void change((known) => known.filter((one) => one !== tag))}>
              <Icon name="close" size={12} />
            </Button>
          </li>
        ))}
      </ul>
      <form onSubmit={(event) => void add(event)}>
        <input aria-label="Add a tag" placeholder="Add a tag" size={12} readOnly={reason !== undefined} aria-disabled={reason !== undefined} title={reason} value={draft} onChange={(event) => { setDraft(event.target.value); }} />
      </form>
    </div>
  );
}
