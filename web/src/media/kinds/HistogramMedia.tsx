/** Histograms: bars of the step that is shown, and all steps of a name as ridges or as a heat map. */

import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { colours } from "../../charts/colours";
import { formatCount, formatNumber } from "../../format";
import { Failure, Outline } from "../../parts/Note";
import { PlotArea } from "../../panels/PlotArea";
import { useIsDark } from "../../theme";
import { everyPiece } from "./allSteps";
import { type Histogram, readHistogram } from "./details";
import { type Bars, barsFigure, densitiesOf, gridOf, heatFigure, quantileOf, rangeText, ridgesFigure, totalOf } from "./histograms";
import styles from "./kinds.module.css";
import { AsTable, Legend, Refused, readAll } from "./parts";
import { type Piece, type Shown, runOf, titleOf } from "./piece";

const VIEWS = { bars: "this step", ridges: "all steps as ridges", heat: "all steps as heat map" } as const;
type View = keyof typeof VIEWS;

export function HistogramMedia(shown: Shown) {
  const [view, setView] = useState<View>("bars");
  const [run, setRun] = useState<string | null>(null);
  const { ready, refused } = readAll(shown.media, readHistogram);
  const runs = [...new Map(shown.media.map((piece) => [piece.run, piece])).values()];
  const chosen = runs.find((piece) => piece.run === run) ?? runs[0];
  return (
    <div>
      <div className={styles["tools"]}>
        <label className={styles["choice"]}>
          Show
          <select aria-label="Show" value={view} onChange={(event) => { setView(event.target.value as View); }}>
            {Object.entries(VIEWS).map(([value, words]) => <option key={value} value={value}>{words}</option>)}
          </select>
        </label>
        {view !== "bars" && runs.length > 1 && (
          <label className={styles["choice"]}>
            of
            <select aria-label="Run" value={chosen?.run} onChange={(event) => { setRun(event.target.value); }}>
              {runs.map((piece) => <option key={piece.run} value={piece.run}>{runOf(piece, shown.runs).name}</option>)}
            </select>
          </label>
        )}
      </div>
      <Refused pieces={refused} />
      {view === "bars" && ready.length > 0 && <OfThisStep shown={shown} ready={ready} />}
      {view !== "bars" && chosen !== undefined && <OfAllSteps key={chosen.run} piece={chosen} hue={runOf(chosen, shown.runs).hue} view={view} size={shown.size} />}
    </div>
  );
}

function OfThisStep({ shown, ready }: { shown: Shown; ready: readonly { piece: Piece; details: Histogram }[] }) {
  const isDark = useIsDark();
  const name = ready[0]?.piece.name ?? "";
  const bars = ready.map(({ piece, details }): Bars & { piece: Piece } => ({ piece, title: titleOf(piece, shown), hue: runOf(piece, shown.runs).hue, histogram: details }));
  const key = ready.map(({ piece }) => piece.id).join();
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the pieces are known by their ids
  const plot = useMemo(() => ({ isDark, ...barsFigure(bars, name, colours()) }), [isDark, key, name]);
  const total = bars.map(({ histogram }) => totalOf(histogram));
  return (
    <figure aria-label={`${name} at step ${formatCount(shown.step)}: ${bars.map(({ title, histogram }) => `${title} ${formatCount(totalOf(histogram))} values, median ${formatNumber(quantileOf(histogram, 0.5))}`).join("; ")}`}>
      <div className={styles["plot"]} data-size={shown.size}>
        <PlotArea plot={plot} label={`Histogram of ${name}`} />
      </div>
      <div className={styles["tools"]}>
        {bars.length > 1 && <Legend entries={bars.map(({ title, hue }) => ({ title, hue }))} />}
        <span className="muted small">
          {bars.map(({ piece, histogram: { nanCount, infiniteCount } }, index) => (
            <span key={piece.id}>{bars.length === 1 && `${formatCount(total[index] ?? 0)} values`}{nanCount > 0 && ` · ${formatCount(nanCount)} NaN`}{infiniteCount > 0 && ` · ${formatCount(infiniteCount)} infinite`}</span>
          ))}
        </span>
        <AsTable what={name} numbers={() => tableOf(name, bars)} />
      </div>
    </figure>
  );
}

function tableOf(name: string, bars: readonly Bars[]) {
  const isAlone = bars.length === 1;
  return {
    title: `${name} as a table`,
    head: isAlone ? ["value", "count"] : ["run", "value", "count", "share per unit"],
    rows: bars.flatMap(({ title, histogram }) => {
      const densities = isAlone ? [] : densitiesOf(histogram);
      return histogram.counts.map((count, bin) => (isAlone ? [rangeText(histogram.edges, bin), formatCount(count)] : [title, rangeText(histogram.edges, bin), formatCount(count), formatNumber(densities[bin] ?? 0)]));
    }),
  };
}

function OfAllSteps({ piece, hue, view, size }: { piece: Piece; hue: number; view: View; size: Shown["size"] }) {
  const isDark = useIsDark();
  const all = useQuery({
    queryKey: ["media of all steps", piece.run, piece.name, piece.kind],
    queryFn: ({ signal }) => everyPiece(piece, signal),
  });
  const over = useMemo(() => {
    const { ready } = readAll(all.data?.pieces ?? [], readHistogram);
    return { steps: ready.map((one) => one.piece.step), histograms: ready.map(({ details }) => details) };
  }, [all.data]);
  const plot = useMemo(() => {
    if (over.steps.length === 0) return null;
    return { isDark, ...(view === "ridges" ? ridgesFigure(over, piece.name, hue, colours()) : heatFigure(gridOf(over), piece.name, colours())) };
  }, [isDark, over, view, piece.name, hue]);
  if (all.error !== null) return <Failure what="The other steps could not be fetched." error={all.error} onRetry={() => void all.refetch()} />;
  if (all.data === undefined) return <Outline lines={6} />;
  if (plot === null) return <p className="muted">There is no histogram at any step that can be drawn.</p>;
  const [first, last] = [over.steps[0] ?? 0, over.steps.at(-1) ?? 0];
  return (
    <figure aria-label={`${piece.name} over steps ${formatCount(first)} to ${formatCount(last)}, ${VIEWS[view]}`}>
      <div className={styles["plot"]} data-size={size}>
        <PlotArea plot={plot} label={`Histograms of ${piece.name}, ${VIEWS[view]}`} />
      </div>
      <div className={styles["tools"]}>
        <span className="muted small">{formatCount(over.steps.length)} steps{all.data.isCut && `, the first of more`}</span>
        <AsTable
          what={piece.name}
          numbers={() => ({
            title: `${piece.name} over steps`,
            head: ["step", "values", "5 %", "median", "95 %"],
            rows: over.steps.map((step, index) => {
              const one = over.histograms[index];
              return one === undefined ? [formatCount(step)] : [formatCount(step), formatCount(totalOf(one)), ...[0.05, 0.5, 0.95].map((share) => formatNumber(quantileOf(one, share)))];
            }),
            note: "The quantiles are estimated from the bins.",
          })}
        />
      </div>
    </figure>
  );
}
