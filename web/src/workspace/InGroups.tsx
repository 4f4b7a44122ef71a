/** What a workspace needs where its runs are grouped. It is fetched then, shows nothing, and tells what it has. */

import { useEffect, useMemo } from "react";
import type { RunRow } from "../api";
import type { RunStyle } from "../charts/figure";
import { inFrontOf } from "../charts/groupSeries";
import type { SeriesSource, SeriesStore } from "../charts/store";
import { type GroupList, refetchGroups, takeMemberNews, useGroups } from "./groups";
import type { Criteria } from "./runs";
import { type GroupStyles, useGroupStyles, useGroupedCharts } from "./useGroupedCharts";
import type { View } from "./view";

/** `members` are the single runs that are drawn behind; `behind` puts the lines of groups in front of theirs. */
export type Grouped = {
  list: GroupList;
  groupStyles: GroupStyles;
  shown: readonly RunStyle[];
  members: readonly RunStyle[];
  behind: (members: SeriesStore) => SeriesSource;
  onNews: (changed: readonly RunRow[], removed: readonly string[]) => void;
};

type Props = { project: string; view: View; criteria: Criteria; columns: readonly string[]; isReady: boolean; onGrouped: (grouped: Grouped) => void };

export function InGroups({ project, view, criteria, columns, isReady, onGrouped }: Props) {
  const list = useGroups(project, view.grouping, criteria, columns, isReady);
  const groupStyles = useGroupStyles(project, list.keys, list.groups);
  const { store, styles, members, refresh } = useGroupedCharts(project, view.grouping, criteria, view.charts, list.groups, groupStyles);
  const grouped = useMemo<Grouped>(
    () => ({
      list,
      groupStyles,
      shown: styles,
      members,
      behind: (behind) => inFrontOf(store, behind),
      onNews: (changed, removed) => {
        takeMemberNews(project, changed, removed);
        refresh(() => { void refetchGroups(project); });
      },
    }),
    [project, list, groupStyles, store, styles, members, refresh],
  );
  useEffect(() => { onGrouped(grouped); }, [grouped, onGrouped]);
  return null;
}
