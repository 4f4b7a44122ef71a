/** Runs as points: any two keys along x and y, others as colour and size, and which runs no other beats. */

import { type FormEvent, Suspense, lazy, useMemo, useState } from "react";
import { colours } from "../charts/colours";
import { formatCount, plural } from "../format";
import { Dialog } from "../parts/Dialog";
import { Menu } from "../parts/Menu";
import { Empty, Failure, Outline } from "../parts/Note";
import { useIsDark } from "../theme";
import { ShowData } from "./DataTable";
import { KeyField } from "./KeyField";
import { TextLegend } from "./TextLegend";
import { type Data, goalOf, likelyKeys } from "./data";
import styles from "./panels.module.css";
import { type Loaded, type Place, useData } from "./place";
import { type Drag, type Ends, type ScatterFigure, describeScatter, plotScatter, rowsWithin, scatterFigure } from "./scatterFigure";
import type { Goal, ScatterPanel } from "./state";

/** Brings Plotly along. */
const PlotArea = lazy(() => import("./PlotArea").then((module) => ({ default: module.PlotArea })));

type Props = { panel: ScatterPanel; place: Place; isEditing: boolean; onChange: (panel: ScatterPanel) => void };

const DRAGS: readonly [Drag, string][] = [
  ["select", "Select"],
  ["lasso", "Lasso"],
  ["zoom", "Zoom"],
];

export function ScatterChart({ panel, place, isEditing, onChange }: Props) {
  const chosen = useMemo(() => withLikely(panel, place.keys), [panel, place.keys]);
  const loaded = useData(place, [chosen.x, chosen.y, chosen.colour, chosen.size]);
  const [drag, setDrag] = useState<Drag>("select");
  const isDark = useIsDark();
  const { data } = loaded;
  const figure = useMemo(() => (data === null ? null : scatterFigure(data, chosen)), [data, chosen]);
  const plot = useMemo(
    // the colours are read from the page, which looks otherwise in the dark
    () => (data === null || figure === null ? null : { isDark, ...plotScatter(figure, data, { drag, paint: colours() }) }),
    [data, figure, drag, isDark],
  );
  const points = useMemo(() => (data === null || figure === null ? undefined : { ids: figure.rows.map((row) => data.ids[row] ?? ""), ...figure.at }), [data, figure]);
  return (
    <div className={styles["chart"]}>
      {isEditing && <Settings panel={chosen} {...{ place, data, onChange }} />}
      {figure === null || data === null || plot === null || points === undefined ? (
        <Waiting loaded={loaded} isChosen={place.keys === undefined || (chosen.x !== "" && chosen.y !== "")} />
      ) : (
        <>
          <div className={styles["tools"]}>
            <span className={styles["note"]} role="status">{notes(figure, data).join(" · ")}</span>
            <div className={styles["modes"]} role="group" aria-label="What dragging does">
              {DRAGS.map(([one, label]) => (
                <button key={one} type="button" aria-pressed={drag === one} onClick={() => { setDrag(one); }}>{label}</button>
              ))}
            </div>
            {place.onSelect !== undefined && <SelectByRange figure={figure} onSelect={(rows) => { place.onSelect?.(rows.map((row) => data.ids[row] ?? "")); }} />}
            <ShowData title={describeScatter(figure)} data={data} columns={[...data.columns.values()]} rows={figure.rows} />
          </div>
          <Suspense fallback={<Outline lines={6} />}>
            <PlotArea
              plot={plot}
              label={describeScatter(figure)}
              points={points}
              onSelect={place.onSelect === undefined ? undefined : (places) => { place.onSelect?.(places.map((at) => points.ids[at] ?? "")); }}
            />
          </Suspense>
          <TextLegend data={data} colour={chosen.colour} />
        </>
      )}
    </div>
  );
}

/** What nobody has chosen is the first metric over the first config key that tells the runs apart. */
function withLikely(panel: ScatterPanel, keys: Place["keys"]): ScatterPanel {
  const likely = likelyKeys(keys);
  return { ...panel, x: panel.x === "" ? (likely.config[0] ?? "duration") : panel.x, y: panel.y === "" ? (likely.metrics[0] ?? "") : panel.y };
}

function notes(figure: ScatterFigure, { ids, matched }: Data): string[] {
  return [
    matched > ids.length ? `the newest ${formatCount(ids.length)} of ${plural(matched, "run")}` : plural(figure.rows.length, "run"),
    ...(figure.missing > 0 ? [`${formatCount(figure.missing)} without a value`] : []),
    ...(figure.dropped > 0 ? [`${formatCount(figure.dropped)} ≤ 0 not on the log axis`] : []),
    ...(figure.front.length > 0 ? [`${formatCount(figure.front.length)} on the Pareto front`] : []),
  ];
}

export function Waiting({ loaded, isChosen }: { loaded: Loaded; isChosen: boolean }) {
  if (loaded.error !== null) return <Failure what="The values of the runs could not be fetched." error={loaded.error} onRetry={loaded.retry} />;
  if (!isChosen) return <Empty title="Nothing to draw yet"><p>Choose what to show, or log a metric first.</p></Empty>;
  return <Outline lines={6} />;
}

type SettingsProps = { panel: ScatterPanel; place: Place; data: Data | null; onChange: (panel: ScatterPanel) => void };

function Settings({ panel, place: { keys }, data, onChange }: SettingsProps) {
  const set = (change: Partial<ScatterPanel>) => { onChange({ ...panel, ...change }); };
  const goal = (key: string): Goal => {
    const column = data?.columns.get(key);
    return column === undefined ? "min" : goalOf(column);
  };
  const front = panel.front ?? { x: goal(panel.x), y: goal(panel.y) };
  const isFront = (x: Goal, y: Goal) => panel.front?.x === x && panel.front.y === y;
  const choice = (label: string, x: Goal, y: Goal) => ({ kind: "choice" as const, label, isChosen: isFront(x, y), onSelect: () => { set({ front: { x, y } }); } });
  return (
    <div className={styles["settings"]} role="group" aria-label="Scatter settings">
      <KeyField label="x" value={panel.x} keys={keys} onChange={(x) => { set({ x }); }} />
      <button type="button" aria-pressed={panel.isLogX} onClick={() => { set({ isLogX: !panel.isLogX }); }}>log x</button>
      <KeyField label="y" value={panel.y} keys={keys} onChange={(y) => { set({ y }); }} />
      <button type="button" aria-pressed={panel.isLogY} onClick={() => { set({ isLogY: !panel.isLogY }); }}>log y</button>
      <KeyField label="colour" value={panel.colour} keys={keys} none="run" onChange={(colour) => { set({ colour }); }} />
      <KeyField label="size" value={panel.size} keys={keys} none="same" onChange={(size) => { set({ size }); }} />
      <button type="button" aria-pressed={panel.front !== null} onClick={() => { set({ front: panel.front === null ? front : null }); }}>Pareto front</button>
      {panel.front !== null && (
        <Menu
          label="What is good on the Pareto front"
          look="plain"
          entries={[choice("less x, less y", "min", "min"), choice("less x, more y", "min", "max"), choice("more x, less y", "max", "min"), choice("more x, more y", "max", "max")]}
        >
          {panel.front.x === "min" ? "less" : "more"} x, {panel.front.y === "min" ? "less" : "more"} y
        </Menu>
      )}
    </div>
  );
}

/** What a drag does, for who does not drag. */
function SelectByRange({ figure, onSelect }: { figure: ScatterFigure; onSelect: (rows: number[]) => void }) {
  const [isOpen, setIsOpen] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const end = (name: string) => {
      const text = form.get(name);
      return typeof text !== "string" || text.trim() === "" ? null : Number(text);
    };
    const ends = (axis: string): Ends => [end(`${axis}-from`), end(`${axis}-to`)];
    onSelect(rowsWithin(figure, { x: ends("x"), y: ends("y") }));
    setIsOpen(false);
  };
  return (
    <>
      <button type="button" onClick={() => { setIsOpen(true); }}>Select by range…</button>
      {isOpen && (
        <Dialog title="Select runs by range" onClose={() => { setIsOpen(false); }}>
          <form className={styles["ranges"]} onSubmit={submit}>
            {(["x", "y"] as const).map((axis) => (
              <fieldset key={axis}>
                <legend>{figure[axis].column.label}</legend>
                <label>from <input name={`${axis}-from`} inputMode="decimal" type="number" step="any" data-autofocus={axis === "x" ? true : undefined} /></label>
                <label>to <input name={`${axis}-to`} inputMode="decimal" type="number" step="any" /></label>
              </fieldset>
            ))}
            <button type="submit" data-look="primary">Select</button>
          </form>
        </Dialog>
      )}
    </>
  );
}
