/** What a file says of itself, as names and values. */

import styles from "./previews.module.css";

export function Facts({ title, facts }: { title: string; facts: Readonly<Record<string, string>> }) {
  const entries = Object.entries(facts);
  if (entries.length === 0) return null;
  return (
    <details>
      <summary>{title} <span className="muted">{entries.length}</span></summary>
      <dl className={styles["facts"]}>
        {entries.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
    </details>
  );
}
