/** The files that a run made or read, what became of them in the registry, and the way from here to production. */

import { useQuery } from "@tanstack/react-query";
import { Suspense, lazy } from "react";
import type { ModelVersion, RunArtifact, RunDetail } from "../api";
import { ArtifactCard } from "../models/ArtifactCard";
import { Empty, Failure, Outline } from "../parts/Note";
import { useModelLinks } from "../models/modelLinks";
import { queries } from "../queries";
import styles from "./ArtifactsTab.module.css";

const LineageSection = lazy(() => import("../models/LineageSection").then((module) => ({ default: module.LineageSection })));

const REFRESH_MS = 5000;

export function ArtifactsTab({ run }: { run: RunDetail }) {
  const query = useQuery({ ...queries.runArtifacts(run.id), refetchInterval: run.status === "running" ? REFRESH_MS : false });
  const links = useModelLinks(run.project);
  if (query.error !== null) return <Failure what="The artifacts could not be fetched." error={query.error} onRetry={() => void query.refetch()} />;
  if (query.data === undefined) return <Outline />;
  const { artifacts } = query.data;
  if (artifacts.length === 0) return <Empty title="No artifacts"><p>Files given to <code>run.log_artifact(…)</code> appear here, and can be promoted from here.</p></Empty>;
  return (
    <div className={styles["artifacts"]}>
      <Group title="Made by this run" artifacts={artifacts.filter(({ direction }) => direction === "output")} links={links} />
      <Group title="Used by this run" artifacts={artifacts.filter(({ direction }) => direction === "input")} links={links} />
      <Suspense fallback={<Outline lines={3} />}>
        <LineageSection subject={{ kind: "run", run: run.id }} />
      </Suspense>
    </div>
  );
}

type GroupProps = { title: string; artifacts: readonly RunArtifact[]; links: ReadonlyMap<number, ModelVersion[]> };

function Group({ title, artifacts, links }: GroupProps) {
  if (artifacts.length === 0) return null;
  return (
    <section aria-label={title} className={styles["group"]}>
      <h2>{title}</h2>
      {artifacts.map((artifact) => (
        <ArtifactCard key={artifact.id} artifact={artifact} versions={links.get(artifact.id) ?? []} />
      ))}
    </section>
  );
}
