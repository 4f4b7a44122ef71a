/** The comparison as a table: a column for each run, or a row for each where they are many. */

import { type ReactNode, Suspense, lazy, useState } from "react";
import type { AbsentRun, Comparison, RunRow } from "../api";
import { dashes } from "../charts/figure";
import { goalEntries } from "../chooseGoal";
import { plural } from "../format";
import { goalWords } from "../goals";
import { Menu } from "../parts/Menu";
import { Outline } from "../parts/Note";
import { useRights } from "../rights";
import styles from "./ComparePage.module.css";
import { AbsentHead, RunHead } from "./RunHead";
import type { Row, Section } from "./table";
import { useCompareView } from "./useCompareView";
import { ValueCell } from "./ValueCell";

const CodeDiff = lazy(() => import("./CodeDiff").then((module) => ({ default: module.CodeDiff })));

type Props = { comparison: Comparison; sections: readonly Section[]; project: string; baseline: string; hasRunsAsRows: boolean; children: ReactNode };

/** Where the rows of a run's column are, or that there are none. */
type Place = { kind: "here"; run: RunRow; index: number } | { kind: "absent"; run: AbsentRun };

/** Beyond so many rows of a section the rest comes when it is asked for. */
const AT_FIRST = 200;

/** With what else is compared below the table, where one scrolls to it. */
export function ComparisonTable({ comparison, sections, project, baseline, hasRunsAsRows, children }: Props) {
  const { view } = useCompareView();
  const [compared, setCompared] = useState<string | null>(null);
  const places = view.runs.flatMap((id) => placeOf(comparison, id));
  const base = comparison.runs.findIndex(({ id }) => id === baseline);
  const other = comparison.runs.find(({ id }) => id === compared);
  const against = comparison.runs[base];
  const dash = dashes(comparison.runs.map(({ hue }) => hue));
  const cells: Cells = { places, base, project: comparison.runs[0]?.project ?? project, onCode: setCompared };
  const head = (place: Place, scope: "col" | "row") =>
    place.kind === "here" ? (
      <RunHead key={place.run.id} run={place.run} dash={dash[place.index] ?? 0} scope={scope} project={project} isBaseline={place.index === base} isAlone={comparison.runs.length < 2} />
    ) : (
      <AbsentHead key={place.run.id} run={place.run} scope={scope} />
    );
  return (
    <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Comparison">
      {hasRunsAsRows ? <RunsAsRows sections={sections} cells={cells} head={(place) => head(place, "row")} /> : <RunsAsColumns sections={sections} cells={cells} head={(place) => head(place, "col")} />}
      <Same sections={sections} />
      {other !== undefined && against !== undefined && (
        <Suspense fallback={<Outline lines={2} />}>
          <CodeDiff before={against} after={other} onClose={() => { setCompared(null); }} />
        </Suspense>
      )}
      {children}
    </div>
  );
}

/** Which sections have nothing to show, in a line for all of them. */
function Same({ sections }: { sections: readonly Section[] }) {
  const { view } = useCompareView();
  const titles = sections.filter(({ rows }) => rows.length === 0).map(({ title }) => title.toLowerCase());
  if (titles.length === 0) return null;
  return (
    <p className={styles["note"]}>
      {view.find !== "" ? "Nothing found" : view.isAll || view.runs.length < 2 ? "Nothing was logged" : "Nothing differs"} in {listed(titles)}.
    </p>
  );
}

const listed = (words: readonly string[]) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`);

function placeOf({ runs, absent }: Comparison, id: string): Place[] {
  const index = runs.findIndex((run) => run.id === id);
  const run = runs[index];
  if (run !== undefined) return [{ kind: "here", run, index }];
  const gone = absent.find((one) => one.id === id);
  return gone === undefined ? [] : [{ kind: "absent", run: gone }];
}

type Cells = { places: readonly Place[]; base: number; project: string; onCode: (run: string) => void };
type LayoutProps = { sections: readonly Section[]; cells: Cells; head: (place: Place) => React.ReactNode };

function RunsAsColumns({ sections, cells, head }: LayoutProps) {
  return (
    <table className={styles["table"]}>
      <thead>
        <tr>
          <th scope="col"><span className="visually-hidden">Key</span></th>
          {cells.places.map(head)}
        </tr>
      </thead>
      {sections.filter(({ rows }) => rows.length > 0).map((section) => (
        <SectionRows key={section.title} section={section} cells={cells} />
      ))}
    </table>
  );
}

function SectionRows({ section: { title, rows }, cells }: { section: Section; cells: Cells }) {
  const [isWhole, setIsWhole] = useState(false);
  const width = cells.places.length + 1;
  return (
    <tbody>
      <tr className={styles["section"]}>
        <th scope="rowgroup" colSpan={width}>{title}</th>
      </tr>
      {(isWhole ? rows : rows.slice(0, AT_FIRST)).map((row) => (
        <tr key={row.id}>
          <th scope="row"><Key row={row} project={cells.project} /></th>
          <RowCells title={title} row={row} cells={cells} />
        </tr>
      ))}
      {!isWhole && rows.length > AT_FIRST && (
        <tr>
          <td colSpan={width}>
            <button type="button" data-look="link" onClick={() => { setIsWhole(true); }}>Show {plural(rows.length - AT_FIRST, "more row")}</button>
          </td>
        </tr>
      )}
    </tbody>
  );
}

function RowCells({ title, row, cells: { places, base, onCode } }: { title: string; row: Row; cells: Cells }) {
  return places.map((place) => <PlaceCell key={place.run.id} {...{ title, row, place, base, onCode }} />);
}

type PlaceProps = { title: string; row: Row; place: Place; base: number; onCode: (run: string) => void };

function PlaceCell({ title, row, place, base, onCode }: PlaceProps) {
  const cell = place.kind === "here" ? row.cells[place.index] : undefined;
  if (place.kind === "absent" || cell === undefined) return <td className="muted">–</td>;
  return <ValueCell {...{ title, row, cell }} baseline={row.cells[base]} isBaseline={place.index === base} onCode={() => { onCode(place.run.id); }} />;
}

function RunsAsRows({ sections, cells, head }: LayoutProps) {
  const [isWhole, setIsWhole] = useState(false);
  const all = sections.flatMap(({ title, rows }) => rows.map((row) => ({ title, row })));
  const columns = isWhole ? all : all.slice(0, AT_FIRST);
  return (
    <>
      <table className={styles["table"]} data-runs="rows">
        <thead>
          <tr>
            <th scope="col">Run</th>
            {columns.map(({ title, row }) => (
              <th key={`${title} ${row.id}`} scope="col">
                <span className="muted small">{title}</span>
                <Key row={row} project={cells.project} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cells.places.map((place) => (
            <tr key={place.run.id}>
              {head(place)}
              {columns.map(({ title, row }) => (
                <PlaceCell key={`${title} ${row.id}`} {...{ title, row, place }} base={cells.base} onCode={cells.onCode} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {columns.length < all.length && (
        <p className={styles["note"]}>
          <button type="button" data-look="link" onClick={() => { setIsWhole(true); }}>Show {plural(all.length - columns.length, "more column")}</button>
        </p>
      )}
    </>
  );
}

/** The arrow says which way is better; where nobody has said so, one can. */
function Key({ row: { key, goal, isRated }, project }: { row: Row; project: string }) {
  const withheld = useRights(project);
  return (
    <span className={styles["key"]}>
      <bdi>{key}</bdi>
      {goal !== null && <span role="img" title={goalWords(goal)} aria-label={goalWords(goal)}>{goal === "max" ? "↑" : "↓"}</span>}
      {goal === null && isRated && (
        <Menu label={`Which values of ${key} are better?`} look="icon" entries={goalEntries(project, key, goal, withheld("editor"))}>
          <span className="muted">↕</span>
        </Menu>
      )}
    </span>
  );
}
