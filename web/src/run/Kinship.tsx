/** Which runs this one comes from: the one whose history it began with, and the one that it is a part of. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { RunDetail } from "../api";
import { formatCount } from "../format";
import { RunLink } from "../parts/Run";
import { queries } from "../queries";

export function Kinship({ run }: { run: RunDetail }) {
  if (run.fork_of === null && run.parent === null) return null;
  return (
    <p className="muted">
      {run.fork_of !== null && (
        <>
          Forked from <OtherRun id={run.fork_of} />
          {run.fork_step !== null && <> at step {formatCount(run.fork_step)}</>}
        </>
      )}
      {run.fork_of !== null && run.parent !== null && " · "}
      {run.parent !== null && (
        <>
          Part of <OtherRun id={run.parent} />
        </>
      )}
    </p>
  );
}

/** By its name once that is known; a run that has not arrived, or is gone, has only its id. */
function OtherRun({ id }: { id: string }) {
  const run = useQuery(queries.run(id));
  if (run.data !== undefined) return <RunLink run={run.data} />;
  return <Link to="/r/$run" params={{ run: id }}>{id}</Link>;
}
