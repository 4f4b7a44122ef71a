/** A project that does not exist yet: logging to it makes it. */

import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Page } from "../frame/Page";
import { FirstRun } from "../projects/FirstRun";
import { FIRST_RUN_MS, client, queries } from "../queries";

export function NotFoundProject({ project }: { project: string }) {
  // asked of the list, because each answer that it is still missing would be an error
  const projects = useQuery({ ...queries.projects(), refetchInterval: FIRST_RUN_MS });
  const isThere = projects.data?.projects.some(({ name }) => name === project) === true;
  useEffect(() => {
    if (isThere) void client.invalidateQueries({ queryKey: queries.project(project).queryKey });
  }, [isThere, project]);
  return (
    <Page title="No such project" heading={<>There is no project <bdi>{project}</bdi></>} crumbs={[{ label: "Projects", to: "/" }]}>
      <FirstRun project={project} title="Logging to it makes it" />
    </Page>
  );
}
