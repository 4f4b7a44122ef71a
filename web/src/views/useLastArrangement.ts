/** What is arranged of a project's charts, for pages beside its workspace: as in the view that was seen there last. */

import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { type Arrange, type Arrangement, readArrangement, writeArrangement } from "../charts/arrangement";
import { queries } from "../queries";
import { lastView } from "../settings";
import { compact, heldBy } from "./useHeldView";

export function useLastArrangement(project: string): [Arrangement, Arrange] {
  const search = lastView(project).use();
  const id = search["v"];
  const saved = useQuery({ ...queries.view(id ?? ""), enabled: id !== undefined, retry: false }).data;
  const parameters = useMemo(() => heldBy(search, saved), [search, saved]);
  const arrangement = useMemo(() => readArrangement(parameters), [parameters]);
  const onArrange = useCallback<Arrange>(
    (change) => { lastView(project).set(compact({ ...parameters, ...writeArrangement({ ...arrangement, ...change }) })); },
    [project, parameters, arrangement],
  );
  return [arrangement, onArrange];
}
