/** Where a run should be and is none: in the trash, or an id that is near to others. */

import { useQuery } from "@tanstack/react-query";
import { type TrashedRun, api, reasonOf } from "../api";
import { Page } from "../frame/Page";
import { toast } from "../frame/Toasts";
import { Button } from "../parts/Button";
import { RunLink } from "../parts/Run";
import { Ago } from "../parts/Time";
import { client, queries, runChanged } from "../queries";
import { useRights } from "../rights";
import { nearest } from "./nearest";

const LOOKED_AT = 1000;

export function NoSuchRun({ project, id }: { project: string; id: string }) {
  const trash = useQuery({ ...queries.trash(project), retry: false });
  const others = useQuery({ queryKey: ["near runs", project, id], queryFn: ({ signal }) => api.searchRuns(project, { columns: [], limit: LOOKED_AT, archived: "with" }, { signal }), retry: false });
  const deleted = trash.data?.runs.find((one) => one.id === id);
  const near = nearest(id, others.data?.runs ?? []);
  const title = deleted === undefined ? "There is no such run" : "This run was deleted";
  return (
    <Page title={title} heading={title} crumbs={[{ label: "Projects", to: "/" }, { label: project, to: `/p/${encodeURIComponent(project)}` }]}>
      {deleted !== undefined ? <Deleted project={project} run={deleted} /> : <p className="muted">No run of <bdi>{project}</bdi> has the id <bdi className="mono">{id}</bdi>. The address may be mistyped, or the run was deleted for good.</p>}
      {deleted === undefined && near.length > 0 && (
        <section aria-label="Runs that may be meant">
          <h2>Did you mean</h2>
          <ul>
            {near.map((run) => <li key={run.id}><RunLink run={run} /> <span className="muted mono">{run.id}</span></li>)}
          </ul>
        </section>
      )}
    </Page>
  );
}

function Deleted({ project, run }: { project: string; run: TrashedRun }) {
  const withheld = useRights(project);
  const restore = async () => {
    try {
      await api.restoreRun(run.id);
    } catch (error) {
      toast({ text: `The run did not come back: ${reasonOf(error)}`, isBad: true });
      return;
    }
    await client.resetQueries({ queryKey: queries.run(run.id).queryKey });
    await runChanged(run.id);
  };
  return (
    <>
      <p>
        <bdi>{run.name}</bdi> is in the trash: {run.by} deleted it <Ago ms={run.deleted_ms} />
        {run.reason !== "" && <>: <bdi>{run.reason}</bdi></>}.
      </p>
      <p><Button reason={withheld("editor")} onClick={() => void restore()}>Restore it</Button></p>
    </>
  );
}
