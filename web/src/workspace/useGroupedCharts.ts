/** What the charts draw where runs are grouped: a line for each shown group, and behind them, if wanted, single runs. */

import { useCallback, useEffect, useMemo, useState } from "react";
import { huesOf } from "../charts/colours";
import { type RunStyle, dashes } from "../charts/figure";
import { GroupCurves, type Question } from "../charts/groupCurves";
import type { ChartSettings } from "../charts/settings";
import type { SeriesStore } from "../charts/store";
import { type Group, shownGroups } from "./groupNames";
import type { Grouping } from "./grouping";
import type { Criteria } from "./runs";
import { useSeriesStore } from "./useSeriesStore";

/** More single lines than this are not drawn. */
const MOST_MEMBERS = 100;

/** The hues that groups were given in this page, by project and keys: they stay while groups come and go. */
const given = new Map<string, Map<string, number>>();

/** The style of each group by its id, whether it is shown or not, so that showing one changes no other. */
export type GroupStyles = ReadonlyMap<string, RunStyle>;

export function useGroupStyles(project: string, keys: readonly string[], groups: readonly Group[]): GroupStyles {
  return useMemo(() => {
    const place = [project, ...keys].join("\n");
    const hues = huesOf(groups.map(({ id }) => id), given.get(place) ?? new Map());
    given.set(place, hues);
    const dash = dashes(groups.map(({ id }) => hues.get(id) ?? 0));
    return new Map(groups.map(({ id, name, filter }, index) => [id, { id: filter, name, hue: hues.get(id) ?? 0, dash: dash[index] ?? 0, isRunning: false }]));
  }, [project, keys, groups]);
}

export type GroupedCharts = {
  store: SeriesStore;
  styles: readonly RunStyle[];
  members: readonly RunStyle[];
  /** Fetches the curves again when it is time, and says that it was. */
  refresh: (onDue: () => void) => void;
};

export function useGroupedCharts(project: string, grouping: Grouping, criteria: Criteria, settings: ChartSettings, groups: readonly Group[], styles: GroupStyles): GroupedCharts {
  const { text, filter, status, archived } = criteria;
  const { center, spread, hasMembers } = grouping;
  const question = useMemo<Question>(() => ({ project, text, filter, status, archived, statistic: center, band: spread }), [project, text, filter, status, archived, center, spread]);
  const [members, setMembers] = useState<ReadonlyMap<string, readonly string[]>>(new Map());
  const [curves] = useState(() => new GroupCurves(question, setMembers));
  const shown = useMemo(() => shownGroups(grouping, groups).flatMap(({ id }) => styles.get(id) ?? []), [grouping, groups, styles]);
  const store = useSeriesStore(settings, shown, curves.fetch);
  useEffect(() => {
    curves.about(question);
    store.refresh();
  }, [curves, store, question]);
  return {
    store,
    styles: shown,
    members: useMemo(() => (hasMembers ? membersOf(shown, members) : []), [hasMembers, shown, members]),
    refresh: useCallback((onDue) => { if (curves.refresh(store)) onDue(); }, [curves, store]),
  };
}

/** As many of each group as there is room for; a run that is in several is drawn with the first. */
function membersOf(shown: readonly RunStyle[], members: ReadonlyMap<string, readonly string[]>): RunStyle[] {
  const room = Math.floor(MOST_MEMBERS / Math.max(1, shown.length));
  const styles = new Map<string, RunStyle>();
  for (const group of shown) {
    for (const id of (members.get(group.id) ?? []).slice(0, room)) {
      if (!styles.has(id)) styles.set(id, { ...group, id, memberOf: group.id, dash: 0 });
    }
  }
  return [...styles.values()];
}
