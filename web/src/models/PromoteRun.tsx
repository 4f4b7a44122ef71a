/** "Promote…" for a run that has made something that can be promoted, and nothing for others. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { RunArtifact, RunRow } from "../api";
import { queries } from "../queries";
import { PromoteDialog } from "./PromoteDialog";
import { useModelLinks } from "./modelLinks";
import { modelNameFrom } from "./promotion";

export function PromoteRun({ run }: { run: Pick<RunRow, "id" | "name" | "project"> }) {
  const [isOpen, setIsOpen] = useState(false);
  const artifacts = useQuery(queries.runArtifacts(run.id)).data?.artifacts ?? [];
  const links = useModelLinks(run.project);
  const artifact = bestToPromote(artifacts);
  if (artifact === undefined) return null;
  return (
    <>
      <button type="button" aria-label={`Promote ${run.name}…`} onClick={() => { setIsOpen(true); }}>
        Promote…
      </button>
      {isOpen && (
        <PromoteDialog
          target={{ kind: "artifact", artifactVersion: artifact.id, suggestedModel: links.get(artifact.id)?.[0]?.model ?? modelNameFrom(artifact.name), alias: "production" }}
          onClose={() => { setIsOpen(false); }}
        />
      )}
    </>
  );
}

/** The newest model that the run has made, or else the newest of anything. */
function bestToPromote(artifacts: readonly RunArtifact[]): RunArtifact | undefined {
  const made = artifacts.filter(({ direction }) => direction === "output").toSorted((a, b) => b.created_ms - a.created_ms || b.version - a.version);
  return made.find(({ kind }) => kind === "model") ?? made[0];
}
