/** What has to be known before a workspace is shown: the view seen last where no other is asked for, and a saved one. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { isNotFound } from "../api";
import { Page } from "../frame/Page";
import { Empty, Failure, Outline } from "../parts/Note";
import { queries } from "../queries";
import { lastView } from "../settings";
import { isBare, startingSearch } from "./starting";

export function HeldWorkspace({ project, children }: { project: string; children: ReactNode }) {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  // who goes back to an address without parameters later has been here, and means what it says
  const [start] = useState(() => (isBare(search) ? startingSearch(project) : {}));
  const [isIn, setIsIn] = useState(() => isBare(start));
  useEffect(() => {
    if (isIn) return;
    void navigate({ to: "/p/$project", params: { project }, search: start, replace: true }).then(() => { setIsIn(true); });
  }, [isIn, navigate, project, start]);
  const id = search["v"];
  const saved = useQuery({ ...queries.view(id ?? ""), enabled: id !== undefined });
  if (isIn && (id === undefined || saved.data !== undefined)) return children;
  return (
    <Page title={project} crumbs={[{ label: "Projects", to: "/" }]} here={<bdi>{project}</bdi>}>
      {isNotFound(saved.error) ? (
        <Empty title="There is no such view">
          <p>It was deleted, or the link is mistyped.</p>
          <p>
            <Link to="/p/$project" params={{ project }} onClick={() => { lastView(project).set({}); }}>
              Open <bdi>{project}</bdi> as it is at first
            </Link>
          </p>
        </Empty>
      ) : saved.error !== null ? (
        <Failure what="The saved view could not be fetched." error={saved.error} onRetry={() => void saved.refetch()} />
      ) : (
        <Outline />
      )}
    </Page>
  );
}
