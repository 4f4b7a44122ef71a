/** How to begin, where there is nothing yet. */

import { CodeBlock } from "../parts/Code";
import { Empty } from "../parts/Note";
import { firstLines } from "./firstLines";

type Props = { project?: string; title?: string };

export function FirstRun({ project, title = project === undefined ? "No projects yet" : "No runs in this project yet" }: Props) {
  return (
    <Empty title={title}>
      <p>Log a first run from Python; it appears here by itself.</p>
      <CodeBlock text={firstLines(window.location.origin, project)} label="Python that logs a first run" />
    </Empty>
  );
}
