/** What the server is, and whether it answers. */

import { useQuery } from "@tanstack/react-query";
import { api, reasonOf } from "../api";
import { formatBytes } from "../format";
import { queries } from "../queries";
import { Section } from "./Section";

export function About() {
  const server = useQuery(queries.server()).data;
  const storage = useQuery(queries.storage());
  const health = useQuery({ queryKey: ["health"], queryFn: api.health, refetchInterval: 15_000 });
  const word = health.isPending ? "asking…" : health.error === null ? "It answers" : reasonOf(health.error);
  return (
    <Section title="About">
      <dl>
        <dt>Version</dt>
        <dd>{server?.version ?? "…"}</dd>
        <dt>Server</dt>
        <dd><span role="status">{word}</span></dd>
        {storage.error !== null && (
          <>
            <dt>Storage</dt>
            <dd><span role="alert">{reasonOf(storage.error)}</span></dd>
          </>
        )}
        {storage.data !== undefined && (
          <>
            <dt>Database</dt>
            <dd>{storage.data.database}, schema {storage.data.schema}, {formatBytes(storage.data.database_bytes)}</dd>
            <dt>Files</dt>
            <dd>{formatBytes(storage.data.file_bytes)} of artifacts and media</dd>
          </>
        )}
      </dl>
    </Section>
  );
}
