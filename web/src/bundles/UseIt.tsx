/** What one types to load, serve, verify and package a bundle. */

import { useQuery } from "@tanstack/react-query";
import type { Manifest, ModelVersionDetail } from "../api";
import { CodeBlock } from "../parts/Code";
import styles from "./Bundle.module.css";
import { isPickleAlone } from "./BundleSection";
import { briefInputs, exampleQuery } from "./example";
import { waysOf } from "./lines";

export function UseIt({ version, manifest }: { version: ModelVersionDetail; manifest: Manifest }) {
  const example = useQuery(exampleQuery(version, manifest)).data;
  const inputs = briefInputs(manifest.signature?.inputs ?? [], example);
  return (
    <div className={styles["ways"]}>
      {waysOf({ ...version, origin: window.location.origin, isPickle: isPickleAlone(manifest), inputs }).map(({ label, about, text }) => (
        <div key={label} className={styles["way"]}>
          <h3>{label}</h3>
          <p className="muted small">{about}</p>
          <CodeBlock text={text} label={`${label} this version`} />
        </div>
      ))}
    </div>
  );
}
