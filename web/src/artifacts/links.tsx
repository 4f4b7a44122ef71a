/** The ways to an artifact version, from wherever it is named. */

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

type Named = { project: string; name: string; version: number };

export function ArtifactLink({ artifact: { project, name, version }, children }: { artifact: Named; children?: ReactNode }) {
  return (
    <Link to="/p/$project/artifacts/$name/$version" params={{ project, name, version: `v${String(version)}` }}>
      {children ?? <><bdi>{name}</bdi>:v{version}</>}
    </Link>
  );
}
