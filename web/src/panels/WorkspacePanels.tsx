/** Panels of a workspace: one that fills the page beside the list, or several above the charts. Both are in the view. */

import { useMemo } from "react";
import type { Keys } from "../api";
import type { Change } from "../workspace/useView";
import type { View } from "../workspace/view";
import { FullPanel } from "./FullPanel";
import { PanelCard } from "./PanelCard";
import { changePanels } from "./change";
import { joinFilters } from "./data";
import { type PanelTexts, readPanelTexts } from "./inView";
import { moved } from "./parallel";
import styles from "./panels.module.css";
import type { Place } from "./place";
import { type Panel, type Panels, readPanels, writePanels } from "./state";

type Props = { project: string; view: View; change: Change; keys: Keys | undefined; onSelect: (ids: ReadonlySet<string>) => void };

export function WorkspacePanel({ mode, ...props }: Props & { mode: "scatter" | "parallel" }) {
  const place = usePlace(props);
  const label = mode === "scatter" ? "Scatter" : "Parallel coordinates";
  return <FullPanel key={mode} {...{ label, place }} panel={usePanels(props.view.panels)[mode]} onChange={(panel) => { changePanels(props.change, () => ({ [panel.kind]: panel })); }} />;
}

export function WorkspacePanels(props: Props) {
  const place = usePlace(props);
  const { list } = usePanels(props.view.panels);
  const set = (next: Panel[]) => { changePanels(props.change, () => ({ list: next })); };
  if (list.length === 0) return null;
  return (
    <section className={styles["section"]} aria-label="Panels">
      <h2>Panels <span className="muted">{list.length}</span></h2>
      <div className={styles["grid"]}>
        {list.map((panel, index) => (
          <PanelCard
            // a panel is told by its place: what it shows changes under the hand
            key={`${panel.kind} ${String(index)}`}
            {...{ panel, place }}
            onChange={(next) => { set(list.map((one, at) => (at === index ? next : one))); }}
            onMove={{ earlier: index > 0 ? () => { set(moved(list, index, index - 1)); } : null, later: index < list.length - 1 ? () => { set(moved(list, index, index + 1)); } : null }}
            onRemove={() => { set(list.filter((_, at) => at !== index)); }}
          />
        ))}
      </div>
    </section>
  );
}

/** The same objects while the address says the same, so that nothing is drawn again. */
const usePanels = ({ panels, scatter, parallel }: PanelTexts): Panels => useMemo(() => readPanels({ panels, scatter, parallel }), [panels, scatter, parallel]);

function withScatter(texts: PanelTexts, x: string, y: string): PanelTexts {
  const panels = readPanels(texts);
  return readPanelTexts(writePanels({ ...panels, scatter: { ...panels.scatter, x, y } }));
}

function usePlace({ project, view, change, keys, onSelect }: Props): Place {
  const { text, filter, status, archived } = view;
  const which = useMemo(() => ({ text, filter, status, archived, runs: null }), [text, filter, status, archived]);
  return {
    project,
    which,
    keys,
    onSelect: (ids) => { onSelect(new Set(ids)); },
    onFilter: (condition) => { change((now) => ({ ...now, text: "", filter: joinFilters(now, condition) })); },
    onScatter: (x, y) => { change((now) => ({ ...now, mode: "scatter", panels: withScatter(now.panels, x, y) })); },
  };
}
