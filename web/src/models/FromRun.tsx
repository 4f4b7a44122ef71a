/** The run that a version came from. */

import type { ModelVersion } from "../api";
import { RunLink } from "../parts/Run";

export function FromRun({ version, project }: { version: ModelVersion; project: string }) {
  if (version.run === null) return <span className="muted">uploaded by hand</span>;
  return <RunLink run={{ id: version.run, name: version.run_name ?? version.run, hue: version.run_hue ?? 0, project }} />;
}
