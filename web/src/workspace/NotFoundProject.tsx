/** A project that does not exist yet: logging to it makes it. */

import { Page } from "../frame/Page";
import { FirstRun } from "../projects/FirstRun";

export function NotFoundProject({ project }: { project: string }) {
  return (
    <Page title="No such project" heading={<>There is no project <bdi>{project}</bdi></>} crumbs={[{ label: "Projects", to: "/" }]}>
      <FirstRun project={project} />
    </Page>
  );
}
