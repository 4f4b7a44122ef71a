/** What one can do with a comparison to show it to somebody. */

import { useState } from "react";
import type { Comparison } from "../api";
import { readCharts } from "../charts/settings";
import type { Search } from "../address";
import { Menu } from "../parts/Menu";
import { Failure } from "../parts/Note";
import { openLinks, share } from "./sharing";
import { useMayManage } from "./useMayManage";

type Props = { project: string; comparison: Comparison; baseline: string; search: Search };

export function ShareMenu({ project, comparison, baseline, search }: Props) {
  const [error, setError] = useState<unknown>(null);
  const settings = readCharts(search);
  const mayManage = useMayManage(project);
  const runs = comparison.runs.map(({ id }) => id);
  const save = async () => {
    setError(null);
    try {
      const { saveSnapshot } = await import("./saveSnapshot");
      await saveSnapshot({ project, runs, baseline, settings });
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <>
      <Menu
        label="Share this comparison"
        entries={[
          { kind: "do", label: "Link to its charts…", onSelect: () => { share({ project, runs, metrics: [], settings }); } },
          { kind: "do", label: "Save as a file (HTML)", onSelect: () => void save() },
          ...(mayManage ? [{ kind: "do", label: "Read-only link…", onSelect: () => { openLinks({ project, run: null }); } } as const] : []),
        ]}
      >
        Share
      </Menu>
      {error !== null && <Failure what="The file could not be made." error={error} onRetry={() => void save()} />}
    </>
  );
}
