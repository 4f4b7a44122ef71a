/**
 * The runs of a project in groups: a row a group, which opens to its runs, however many there are of either.
 *
 * Only rows on the screen are in the document. The focus is on one row at a time: arrows (or j and k) move it, right and
 * left open and close a group, Space shows or hides it in the charts, Enter opens a run.
 */

import { useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import type { RunRow } from "../api";
import type { RunStyle } from "../charts/figure";
import { useKeys } from "../frame/keys";
import { Icon } from "../parts/Icon";
import { Menu } from "../parts/Menu";
import { GroupRow, MemberRow } from "./GroupRows";
import styles from "./GroupTable.module.css";
import shared from "./RunTable.module.css";
import { columnOf } from "./columns";
import { type Group, toggledGroup } from "./groupNames";
import { UNGROUPED } from "./grouping";
import { type GroupList, type Wanted, useMembers } from "./groups";
import type { Criteria } from "./runs";
import type { GroupStyles } from "./useGroupedCharts";
import type { Change } from "./useView";
import { type View, nextSort } from "./view";

type Props = { project: string; view: View; change: Change; criteria: Criteria; list: GroupList; groupStyles: GroupStyles; shown: readonly RunStyle[] };

type Row = { kind: "group"; group: Group } | { kind: "member"; group: Group; place: number };

/** Members that are so far from the last one fetched are asked for. */
const AHEAD = 40;
const ROW_PX = 28;

export function GroupTable({ project, view, change, criteria, list, groupStyles, shown }: Props) {
  const navigate = useNavigate();
  const scroll = useRef<HTMLDivElement>(null);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState(0);
  const places = useMemo(() => placesOf(list.groups, opened), [list.groups, opened]);
  const virtual = useVirtualizer({ count: places.count, getScrollElement: () => scroll.current, estimateSize: () => ROW_PX, overscan: 12 });
  const items = virtual.getVirtualItems().flatMap(({ index, start }) => {
    const row = places.at(index);
    return row === undefined ? [] : [{ index, start, row }];
  });
  const members = useMembers(project, criteria, wantedOf(items.map(({ row }) => row), list.groups, opened));
  const visible = new Set(shown.map(({ id }) => id));

  const turn = ({ id }: Group) => { setOpened(opened.has(id) ? new Set([...opened].filter((one) => one !== id)) : new Set([...opened, id])); };
  const toggle = ({ id, filter }: Group) => { change((now) => ({ ...now, grouping: toggledGroup(now.grouping, id, visible.has(filter)) })); };
  const runOf = (row: Row): RunRow | undefined => (row.kind === "member" ? members.get(row.group.filter)?.[row.place] : undefined);
  const move = (to: number) => {
    const next = Math.min(places.count - 1, Math.max(0, to));
    setActive(next);
    virtual.scrollToIndex(next);
    requestAnimationFrame(() => scroll.current?.querySelector<HTMLElement>(`[data-row="${String(next)}"]`)?.focus({ preventScroll: true }));
  };
  const current = places.at(active);
  useKeys([
    { key: "j", label: "Next group or run", run: () => { move(active + 1); } },
    { key: "k", label: "Previous group or run", run: () => { move(active - 1); } },
    { key: " ", label: "Show or hide the group in the charts", run: () => { if (current !== undefined) toggle(current.group); } },
  ]);
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (!(event.target instanceof HTMLElement) || event.target.dataset["row"] === undefined || current === undefined) return;
    const isOpen = opened.has(current.group.id);
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: places.count - 1, PageDown: active + 15, PageUp: active - 15 }[event.key];
    if (to !== undefined) move(to);
    else if (current.kind === "group" && ((event.key === "ArrowRight" && !isOpen) || (event.key === "ArrowLeft" && isOpen) || event.key === "Enter")) turn(current.group);
    else if (current.kind === "member" && event.key === "ArrowLeft") move(places.startOf(current.group));
    else if (current.kind === "member" && event.key === "Enter") {
      const run = runOf(current);
      if (run !== undefined) void navigate({ to: "/p/$project/runs/$run", params: { project, run: run.id } });
    } else return;
    event.preventDefault();
  };

  return (
    <div ref={scroll} className={shared["scroll"]} style={{ "--row-height": `${String(ROW_PX)}px` }}>
      <div className={shared["grid"]} role="treegrid" aria-label="Groups of runs" aria-rowcount={places.count + 1} aria-busy={list.isPending} onKeyDown={onKeyDown}>
        <Head {...{ view, change, list }} />
        <div className={shared["body"]} role="rowgroup" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start, row }) => {
            const common = { index, start, isActive: index === active, onActive: setActive, columns: list.columns, style: groupStyles.get(row.group.id), isVisible: visible.has(row.group.filter) };
            return row.kind === "group" ? (
              <GroupRow key={row.group.id} {...common} group={row.group} isOpen={opened.has(row.group.id)} onTurn={turn} onToggle={toggle} />
            ) : (
              <MemberRow key={`${row.group.id} ${String(row.place)}`} {...common} run={runOf(row)} group={row.group} />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** Which row stands where, of groups with their members below those that are open. */
function placesOf(groups: readonly Group[], opened: ReadonlySet<string>) {
  const starts: number[] = [];
  let count = 0;
  for (const { id, count: members } of groups) {
    starts.push(count);
    count += 1 + (opened.has(id) ? members : 0);
  }
  return {
    count,
    startOf: (group: Group) => starts[groups.indexOf(group)] ?? 0,
    at: (index: number): Row | undefined => {
      const number = starts.findLastIndex((start) => start <= index);
      const [group, start] = [groups[number], starts[number] ?? 0];
      if (group === undefined || index >= count) return undefined;
      return index === start ? { kind: "group", group } : { kind: "member", group, place: index - start - 1 };
    },
  };
}

/** The members of open groups that are on the screen, and some more; at least the first of each. */
function wantedOf(rows: readonly Row[], groups: readonly Group[], opened: ReadonlySet<string>): Wanted {
  const wanted = new Map(groups.filter(({ id }) => opened.has(id)).map(({ filter }) => [filter, 1]));
  for (const row of rows) {
    if (row.kind === "member") wanted.set(row.group.filter, Math.max(wanted.get(row.group.filter) ?? 1, Math.min(row.group.count, row.place + AHEAD)));
  }
  return wanted;
}

function Head({ view, change, list }: Pick<Props, "view" | "change" | "list">) {
  const sortOf = (key: string) => {
    const sorted = view.sort[0]?.key === key ? view.sort[0] : undefined;
    return sorted === undefined ? ("none" as const) : sorted.is_descending === true ? ("descending" as const) : ("ascending" as const);
  };
  return (
    <div className={shared["head"]} role="rowgroup">
      <div role="row" aria-rowindex={1} className={shared["row"]}>
        <div role="columnheader" aria-label="Shown in charts" className={styles["eye"]}>
          <Menu
            label="Which groups the charts show"
            look="icon"
            entries={[
              { kind: "heading", label: "Show in the charts" },
              { kind: "do", label: "First 10 groups", onSelect: () => { change((now) => ({ ...now, grouping: { ...now.grouping, plus: UNGROUPED.plus, minus: UNGROUPED.minus } })); } },
              { kind: "do", label: "All groups", onSelect: () => { change((now) => ({ ...now, grouping: { ...now.grouping, plus: list.groups.slice(0, MOST_SHOWN).map(({ id }) => id), minus: [] } })); } },
              { kind: "do", label: "None", onSelect: () => { change((now) => ({ ...now, grouping: { ...now.grouping, plus: [], minus: list.groups.map(({ id }) => id) } })); } },
            ]}
          >
            <Icon name="eye" size={14} />
          </Menu>
        </div>
        <div role="columnheader" className={styles["name"]}>Group</div>
        <div role="columnheader" className={styles["count"]}>Runs</div>
        {list.columns.map((key) => (
          <div key={key} role="columnheader" className={styles["value"]} aria-sort={sortOf(key)}>
            <button type="button" data-look="plain" title={`Sort by the mean of ${columnOf(key).label}`} aria-label={`Sort by the mean of ${columnOf(key).label}`} onClick={() => { change((now) => ({ ...now, sort: nextSort(now.sort, key) })); }}>
              <span className="clip"><bdi dir="ltr">{columnOf(key).label}</bdi></span>
              {sortOf(key) !== "none" && <span aria-hidden="true">{sortOf(key) === "descending" ? "↓" : "↑"}</span>}
            </button>
          </div>
        ))}
      </div>
    </div>
  );
}

/** The charts draw no more groups than this anyhow. */
const MOST_SHOWN = 100;
