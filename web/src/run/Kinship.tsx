/** Which runs this one belongs to: whose history it began with, what it is a part of, and what it or they repeat. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { joinList } from "../address";
import type { RunDetail } from "../api";
import { formatCount } from "../format";
import { RunLink } from "../parts/Run";
import { queries } from "../queries";

export function Kinship({ run }: { run: RunDetail }) {
  const { fork_of: forkOf, fork_step: forkStep, parent, reproduces, reproduced_by: reproducedBy } = run;
  const said = [
    forkOf !== null && <>Forked from <OtherRun id={forkOf} />{forkStep !== null && <> at step {formatCount(forkStep)}</>}</>,
    parent !== null && <>Part of <OtherRun id={parent} /></>,
    reproduces !== null && <>Reproduces <OtherRun id={reproduces} /> (<Compared run={run} runs={[reproduces, run.id]} />)</>,
    reproducedBy.length > 0 && (
      <>
        Reproduced by{" "}
        {reproducedBy.slice(0, MOST_NAMED).map((id, index) => (
          <Fragment key={id}>{index > 0 && ", "}<OtherRun id={id} /></Fragment>
        ))}
        {reproducedBy.length > MOST_NAMED && <> and {formatCount(reproducedBy.length - MOST_NAMED)} more</>} (<Compared run={run} runs={[run.id, ...reproducedBy.slice(0, MOST_COMPARED)]} />)
      </>
    ),
  ].filter((part) => part !== false);
  if (said.length === 0) return null;
  return <p className="muted">{said.map((part, index) => <Fragment key={index}>{index > 0 && " · "}{part}</Fragment>)}</p>;
}

const MOST_NAMED = 3;
const MOST_COMPARED = 11;

const Compared = ({ run, runs }: { run: RunDetail; runs: readonly string[] }) => (
  <Link to="/p/$project/compare" params={{ project: run.project }} search={{ runs: joinList(runs) }}>compare</Link>
);

/** By its name once that is known; a run that has not arrived, or is gone, has only its id. */
function OtherRun({ id }: { id: string }) {
  const run = useQuery(queries.run(id));
  if (run.data !== undefined) return <RunLink run={run.data} />;
  return <Link to="/r/$run" params={{ run: id }}>{id}</Link>;
}
