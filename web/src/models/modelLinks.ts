/** Which model versions were registered from artifact versions of a project. */

import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { ModelVersion } from "../api";
import { client, queries } from "../queries";

/** Versions by the id of the artifact version that they were registered from. */
export function useModelLinks(project: string): ReadonlyMap<number, ModelVersion[]> {
  const models = useQuery(queries.models()).data?.models ?? [];
  const details = useQueries({
    queries: models.filter((model) => model.project === project).map(({ name }) => queries.model(name)),
    combine: (results) => results.flatMap(({ data }) => data?.versions ?? []),
  });
  return useMemo(() => Map.groupBy(details, ({ artifact_version_id }) => artifact_version_id), [details]);
}

/** The model of a project that has an artifact version as one of its versions; null where none has. */
export async function modelOf(project: string, artifactVersion: number): Promise<string | null> {
  const { models } = await client.fetchQuery(queries.models());
  for (const { name } of models.filter((model) => model.project === project)) {
    const { versions } = await client.fetchQuery(queries.model(name));
    if (versions.some(({ artifact_version_id }) => artifact_version_id === artifactVersion)) return name;
  }
  return null;
}
