/** "Promote…" for a run that has made something that can be promoted, and nothing for others. */

import { useQuery } from "@tanstack/react-query";
import { Suspense, lazy, useState } from "react";
import type { RunArtifact, RunRow } from "../api";
import { Button } from "../parts/Button";
import { queries } from "../queries";
import { useRights } from "../rights";
import { modelOf } from "./modelLinks";
import { modelNameFrom } from "./promotion";

const PromoteDialog = lazy(() => import("./PromoteDialog").then((module) => ({ default: module.PromoteDialog })));

type Run = Pick<RunRow, "id" | "name" | "project">;

export function PromoteRun({ run }: { run: Run }) {
  const [suggestedModel, setSuggestedModel] = useState<string | null>(null);
  const artifacts = useQuery(queries.runArtifacts(run.id)).data?.artifacts ?? [];
  const withheld = useRights(run.project);
  const artifact = bestToPromote(artifacts);
  if (artifact === undefined) return null;
  const open = async () => {
    const model = await modelOf(run.project, artifact.id).catch(() => null);
    setSuggestedModel(model ?? modelNameFrom(artifact.name));
  };
  return (
    <>
      <Button reason={withheld("editor")} aria-label={`Promote ${run.name}…`} onClick={() => void open()}>
        Promote…
      </Button>
      {suggestedModel !== null && (
        <Suspense>
          <PromoteDialog
            target={{ kind: "artifact", project: run.project, artifactVersion: artifact.id, suggestedModel, alias: "production" }}
            onClose={() => { setSuggestedModel(null); }}
          />
        </Suspense>
      )}
    </>
  );
}

/** The newest model that the run has made, or else the newest of anything. */
function bestToPromote(artifacts: readonly RunArtifact[]): RunArtifact | undefined {
  const made = artifacts.filter(({ direction }) => direction === "output").toSorted((a, b) => b.created_ms - a.created_ms || b.version - a.version);
  return made.find(({ kind }) => kind === "model") ?? made[0];
}
