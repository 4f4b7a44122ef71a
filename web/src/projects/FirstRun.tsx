/** How to begin, where there is nothing yet. */

import { CodeBlock } from "../parts/Code";
import { Empty } from "../parts/Note";
import { firstLines } from "./firstLines";

export function FirstRun({ project }: { project?: string }) {
  return (
    <Empty title={project === undefined ? "No projects yet" : "No runs in this project yet"}>
      <p>Log a first run from Python; it appears here by itself.</p>
      <CodeBlock text={firstLines(window.location.origin, project)} label="Python that logs a first run" />
    </Empty>
  );
}
